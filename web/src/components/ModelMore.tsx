import { useEffect, useState } from "preact/hooks";
import type { ModelState, State } from "../state.js";
import type { ModelDetails } from "./ModelDetails.js";

interface ModelMoreProps {
  readonly model: ModelState;
  readonly outlooks: State["outlooks"];
}

/** Operators, modes, sizes and the graph: drawn by code that is fetched when there is a model. */
export function ModelMore(props: ModelMoreProps) {
  const [parts, setParts] = useState<{ readonly Details: typeof ModelDetails }>();
  useEffect(() => void import("./later.js").then(({ ModelDetails: Details }) => setParts({ Details })), []);
  return parts ? <parts.Details {...props} /> : null;
}
