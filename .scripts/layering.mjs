// Each folder of src/ includes only itself and the folders above it in this list; each include names its folder.
import { existsSync, readFileSync } from "node:fs";
import { filesBelow, inRoot } from "./system.mjs";

const layers = ["base", "model", "format", "kernels", "ops", "runtime", "import", "data", "quantize", "compare"];

// What comes from outside src/: the generated schema and FlatBuffers, both only for src/format.
const external = /^(tflite_generated\.h$|flatbuffers\/)/;

/** One line per include that breaks the order. */
export function layeringErrors() {
  const errors = [];
  for (const file of filesBelow("src", (path) => /\.(h|cc|inc)$/.test(path))) {
    const rank = layers.indexOf(file.split("/")[1]);
    if (rank < 0) errors.push(`${file}: its folder is none of ${layers.join(", ")}`);
    readFileSync(inRoot(file), "utf8")
      .split("\n")
      .forEach((line, index) => {
        const included = /^\s*#\s*include\s+"([^"]+)"/.exec(line)?.[1];
        if (!included || (external.test(included) && layers[rank] === "format")) return;
        const place = `${file}:${index + 1}: "${included}"`;
        if (!existsSync(inRoot("src", included))) errors.push(`${place} is no file of src/`);
        else if (layers.indexOf(included.split("/")[0]) > rank) errors.push(`${place} is of a higher layer`);
      });
  }
  return errors;
}
