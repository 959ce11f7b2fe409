// A model's description as text.
import type { ModelDescription, ModeDescription, PortDescription } from "../node.js";
import { bytesText, table } from "./output.js";

export function describeModel(name: string, description: ModelDescription): string {
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
  for (const [mode, one] of Object.entries(description.modes)) lines.push(`  ${mode.padEnd(10)} ${modeText(one)}`);
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

function modeText({ possible, reason, needsStatistics, float }: ModeDescription): string {
  if (!possible) {
    const places = float.map(
      ({ operator, node, graph, reason: why }) => `operator ${node} (${operator}) of subgraph ${graph}: ${why}`,
    );
    return [`no: ${reason}`, ...places].join("\n             ");
  }
  const parts = ["yes", ...(needsStatistics ? ["needs samples"] : [])];
  if (float.length > 0)
    parts.push(`${float.length} ${float.length === 1 ? "operator stays" : "operators stay"} in float`);
  return parts.join(", ");
}
