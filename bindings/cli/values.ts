// Values of options, checked.
import { nearest, UsageError } from "./arguments.js";

export function chosen<T extends string>(option: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found) return found;
  const near = nearest(value, choices);
  throw new UsageError(`${option} is '${value}'`, near ? `did you mean ${near}?` : `it can be ${choices.join(", ")}`);
}

export function wholeNumber(option: string, word: string, least: number): number {
  if (/^\d{1,9}$/.test(word) && Number(word) >= least) return Number(word);
  throw new UsageError(`${option} is '${word}', not a whole number from ${least}`);
}
