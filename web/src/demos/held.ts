// What every demo holds: things to choose from, the models quantized here and now, and what they make of the chosen one.
import { useEffect, useState } from "preact/hooks";
import type { Contender } from "./contenders.js";

interface Parts<Question, Found> {
  /** Those in the file. */
  readonly questions: () => Promise<readonly Question[]>;
  readonly contenders: () => Promise<readonly Contender[]>;
  readonly ask: (contenders: readonly Contender[], question: Question) => Promise<Found>;
}

export interface Held<Question, Found> {
  readonly questions: readonly Question[];
  readonly contenders: readonly Contender[];
  readonly chosen: Question | undefined;
  readonly choose: (question: Question) => void;
  /** Of the chosen one, or of the one before while the models are at work. */
  readonly found: Found | undefined;
  readonly failure: string;
  readonly fail: (error: unknown) => void;
}

export function useHeld<Question, Found>({
  questions,
  contenders,
  ask,
}: Parts<Question, Found>): Held<Question, Found> {
  const [shown, setShown] = useState<readonly Question[]>([]);
  const [made, setMade] = useState<readonly Contender[]>([]);
  const [chosen, setChosen] = useState<Question>();
  const [found, setFound] = useState<Found>();
  const [failure, setFailure] = useState("");
  const fail = (error: unknown) => setFailure(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    const start = async () => {
      const all = await questions();
      setShown(all);
      setMade(await contenders());
      setChosen((one) => one ?? all[0]);
    };
    start().catch(fail);
  }, []);
  useEffect(() => {
    if (chosen === undefined || made.length === 0) return;
    let isWanted = true;
    ask(made, chosen).then((answer) => isWanted && setFound(answer), fail);
    return () => {
      isWanted = false;
    };
  }, [made, chosen]);
  return { questions: shown, contenders: made, chosen, choose: setChosen, found, failure, fail };
}
