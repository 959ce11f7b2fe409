// A model's description as text.
import type { ModelDescription, ModeDescription, ModeDescriptions, OperatorPlace, PortDescription } from "../node.js";
import { bytesText, table } from "./output.js";

export function describeModel(name: string, description: ModelDescription, modes: ModeDescriptions): string {
  const { byteLength, parameterCount, constantBytes, isQuantized, metadata, graphs } = description;
  const lines = [
    `${name}: ${bytesText(byteLength)}, ${parameterCount} parameters in ${bytesText(constantBytes)}, ` +
      (isQuantized ? "quantized" : "float"),
  ];
  if (metadata.name) lines.push(`${metadata.name}${metadata.version ? ` ${metadata.version}` : ""}`);
  if (graphs.length > 1) lines.push(`${graphs.length} subgraphs`);
  for (const { key, inputs, outputs } of description.signatures) {
    lines.push("", key ? `signature '${key}'` : "no signature; tensors by name");
    for (const port of inputs) lines.push(`  in   ${portText(port)}`);
    for (const port of outputs) lines.push(`  out  ${portText(port)}`);
  }
  lines.push("", "operators");
  const rows = description.operators.map(({ operator, count, isSupported }) => [
    `  ${operator}`,
    String(count),
    isSupported ? "" : "not run by this version",
  ]);
  lines.push(table(rows), "", "modes");
  for (const [mode, one] of Object.entries(modes)) lines.push(`  ${mode.padEnd(12)} ${modeText(one)}`);
  return lines.join("\n");
}

function portText({ name, type, shape, shapeSignature, quantization, normalization, labels }: PortDescription): string {
  const parts = [`${name}: ${type} [${(shapeSignature ?? shape).join(", ")}]`];
  if (quantization?.scale.length === 1) {
    parts.push(`scale ${quantization.scale[0]}, zero point ${quantization.zeroPoint[0]}`);
  }
  if (normalization) parts.push(`mean ${normalization.mean.join(" ")}, std ${normalization.std.join(" ")}`);
  if (labels) parts.push(`${labels.length} labels`);
  return parts.join("; ");
}

/** Operators by place, a line for each. */
export const placesText = (places: readonly OperatorPlace[], indent = "  "): string =>
  places
    .map(
      ({ operator, node, graph, reason }) => `${indent}operator ${node} (${operator}) of subgraph ${graph}: ${reason}`,
    )
    .join("\n");

/** Without calibration all operators compute in float; what can stay as it is are their weights. */
function stays(count: number, isInteger: boolean): string {
  if (isInteger) return count === 1 ? "operator stays in float" : "operators stay in float";
  return count === 1 ? "operator keeps its float weights" : "operators keep their float weights";
}

export function modeText({ possible, reason, needsStatistics, needsSequences, float }: ModeDescription): string {
  const parts = possible
    ? ["yes", ...(needsStatistics ? [needsSequences ? "needs samples as sequences" : "needs samples"] : [])]
    : [`no: ${reason}`];
  if (possible && float.length > 0) parts.push(`${float.length} ${stays(float.length, needsStatistics)}`);
  return [parts.join(", "), ...(float.length > 0 ? [placesText(float, " ".repeat(15))] : [])].join("\n");
}
