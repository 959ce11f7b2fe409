// The embedded example as the one-file page holds it: the same model, and fewer pictures in a smaller format.
import samples from "../../examples/characters/samples.json";
import type { Example } from "../example.js";
import { modelPart, tilesPart } from "./contents.js";

export const examples: readonly Example[] = [
  {
    name: "characters",
    fetchModel: modelPart,
    async fetchSamples() {
      const evaluation = await tilesPart("samples", samples.tile);
      const labels = samples.labels.slice(0, evaluation.length);
      return { calibration: await tilesPart("calibration", samples.tile), evaluation, labels };
    },
  },
];
