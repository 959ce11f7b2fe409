// Time per node of one model in our engine: `npm run bench -- --profile MODEL`.
import { makeInput } from "../tests/bench/measure.mjs";

const milliseconds = (value) => value.toFixed(3).padStart(9);
const rate = ({ operations, ms }) => (operations > 0 ? (operations / ms / 1e6).toFixed(1) : "").padStart(7);

export async function profile(api, file, variant) {
  if (variant) api.configure({ variant });
  const model = await api.load(file);
  const session = await api.createSession(model);
  const sample = Object.fromEntries(
    session.inputs.map(({ name, shape, type }) => [name, { type, shape, data: makeInput(shape, type) }]),
  );
  await session.run(sample);
  await session.measure({ repeat: 50 });
  const whole = await session.measure({ repeat: 50 });
  const steps = await session.profile({ repeat: 50 });

  const { graphs } = model.describe();
  const kinds = new Map();
  console.log(`${" ms".padStart(9)} ${"GMAC/s".padStart(7)}  node`);
  for (const step of steps) {
    const graph = graphs[step.graph];
    const node = graph.nodes[step.node];
    const shapeOf = (index) => (index < 0 ? "-" : `${graph.tensors[index].type}[${graph.tensors[index].shape}]`);
    const operands = `${node.inputs.slice(0, 2).map(shapeOf).join(" ")} → ${node.outputs.map(shapeOf).join(" ")}`;
    console.log(`${milliseconds(step.ms)} ${rate(step)}  ${step.node} ${node.operator} ${operands}`);
    const kind = kinds.get(node.operator) ?? { count: 0, ms: 0, operations: 0 };
    kind.count += 1;
    kind.ms += step.ms;
    kind.operations += step.operations;
    kinds.set(node.operator, kind);
  }
  console.log("");
  const total = steps.reduce((sum, { ms }) => sum + ms, 0);
  for (const [operator, kind] of [...kinds].sort(([, a], [, b]) => b.ms - a.ms)) {
    const share = ((100 * kind.ms) / total).toFixed(1).padStart(6);
    console.log(`${milliseconds(kind.ms)} ${rate(kind)} ${share} %  ${operator} × ${kind.count}`);
  }
  const { variant: used } = await api.engine();
  console.log(`${milliseconds(total)} in all, ${whole.minMs.toFixed(3)} ms a whole run at best (${used})`);
}
