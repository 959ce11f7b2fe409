// Places the nodes of a graph in layers, producers above consumers: longest paths for the layers, medians for the order.
import type { GraphDescription } from "litequant";

export interface Placed {
  readonly node: number;
  readonly x: number;
  readonly y: number;
}

export interface Edge {
  readonly from: number;
  readonly to: number;
}

export interface Layout {
  readonly nodes: readonly Placed[];
  readonly edges: readonly Edge[];
  readonly width: number;
  readonly height: number;
}

export const nodeWidth = 168;
export const nodeHeight = 40;
const gapX = 24;
const gapY = 36;
const sweeps = 6;

export function layoutOf({ nodes }: GraphDescription): Layout {
  const producer = new Map<number, number>();
  for (const { index, outputs } of nodes) for (const output of outputs) producer.set(output, index);
  const edges: Edge[] = nodes.flatMap(({ index, inputs }) => {
    const sources = new Set(inputs.map((input) => producer.get(input)).filter((from) => from !== undefined));
    return [...sources].map((from) => ({ from, to: index }));
  });
  const sources = neighbours(
    edges,
    ({ to }) => to,
    ({ from }) => from,
  );
  const targets = neighbours(
    edges,
    ({ from }) => from,
    ({ to }) => to,
  );

  // Files are in order of execution: every producer comes before its consumers.
  const layer: number[] = [];
  for (const { index } of nodes) {
    layer[index] = 1 + Math.max(-1, ...(sources.get(index) ?? []).map((from) => layer[from] ?? 0));
  }
  const rows: number[][] = [];
  for (const { index } of nodes) (rows[layer[index] ?? 0] ??= []).push(index);

  const position = new Map<number, number>();
  const place = (row: readonly number[]) =>
    row.forEach((node, index) => position.set(node, index - (row.length - 1) / 2));
  rows.forEach(place);
  for (let sweep = 0; sweep < sweeps; ++sweep) {
    const isDown = sweep % 2 === 0;
    const near = isDown ? sources : targets;
    for (const row of isDown ? rows : [...rows].reverse()) {
      const medians = new Map(row.map((node) => [node, median(near.get(node) ?? [], position, node)]));
      row.sort((a, b) => (medians.get(a) ?? 0) - (medians.get(b) ?? 0));
      place(row);
    }
  }
  const widest = Math.max(1, ...rows.map((row) => row.length));
  const width = widest * (nodeWidth + gapX);
  const placed = nodes.map(({ index }) => ({
    node: index,
    x: width / 2 + (position.get(index) ?? 0) * (nodeWidth + gapX) - nodeWidth / 2,
    y: gapY / 2 + (layer[index] ?? 0) * (nodeHeight + gapY),
  }));
  return { nodes: placed, edges, width, height: rows.length * (nodeHeight + gapY) };
}

function neighbours(edges: readonly Edge[], of: (edge: Edge) => number, other: (edge: Edge) => number) {
  const found = new Map<number, number[]>();
  for (const edge of edges) {
    const list = found.get(of(edge));
    if (list) list.push(other(edge));
    else found.set(of(edge), [other(edge)]);
  }
  return found;
}

function median(nodes: readonly number[], position: ReadonlyMap<number, number>, own: number): number {
  if (nodes.length === 0) return position.get(own) ?? 0;
  const places = nodes.map((node) => position.get(node) ?? 0).sort((a, b) => a - b);
  const middle = places.length >> 1;
  return ((places[middle] ?? 0) + (places[places.length % 2 ? middle : middle - 1] ?? 0)) / 2;
}
