import type { GraphDescription, ModelDescription, NodeDescription } from "litequant";
import { useMemo, useRef, useState } from "preact/hooks";
import { type Layout, type Placed, layoutOf, nodeHeight, nodeWidth } from "../layout.js";
import { shapeText } from "../numbers.js";
import { countText, text } from "../text.js";

/** What is seen: the upper left corner in the graph's own units, and pixels per unit. */
interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

const paneHeight = 420;
const zoomStep = 1.25;
const least = 0.05;
const most = 3;

/** The graph: dragged or moved by arrow keys, zoomed by wheel, keys and buttons, searched by operator and tensor. */
export function GraphView({ description }: { description: ModelDescription }) {
  const [index, setIndex] = useState(0);
  const graph = description.graphs[index];
  if (!graph || graph.nodes.length === 0) return <p>{text("graph.empty")}</p>;
  return (
    <>
      {description.graphs.length > 1 && (
        <div class="field-row">
          <label for="subgraph">{text("graph.subgraph")}</label>
          <select id="subgraph" value={index} onChange={(event) => setIndex(Number(event.currentTarget.value))}>
            {description.graphs.map(({ name }, number) => (
              <option key={number} value={number}>
                {number}: {name}
              </option>
            ))}
          </select>
        </div>
      )}
      <Pane key={index} graph={graph} />
    </>
  );
}

function Pane({ graph }: { graph: GraphDescription }) {
  const layout = useMemo(() => layoutOf(graph), [graph]);
  const pane = useRef<HTMLDivElement>(null);
  const grabbed = useRef<{ x: number; y: number } | undefined>(undefined);
  const [view, setView] = useState<View>({ x: layout.width / 2 - 340, y: 0, zoom: 1 });
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<number>();
  const found = useMemo(() => search(graph, query), [graph, query]);
  const width = pane.current?.clientWidth ?? 720;

  const zoomBy = (factor: number, atX = width / 2, atY = paneHeight / 2) =>
    setView(({ x, y, zoom }) => {
      const next = Math.min(most, Math.max(least, zoom * factor));
      return { x: x + atX / zoom - atX / next, y: y + atY / zoom - atY / next, zoom: next };
    });
  const moveBy = (dx: number, dy: number) =>
    setView(({ x, y, zoom }) => ({ x: x + dx / zoom, y: y + dy / zoom, zoom }));
  const goTo = (node: number) => {
    const place = layout.nodes[node];
    if (!place) return;
    setChosen(node);
    setView(({ zoom }) => ({
      x: place.x + nodeWidth / 2 - width / zoom / 2,
      y: place.y + nodeHeight / 2 - paneHeight / zoom / 2,
      zoom,
    }));
  };
  const onKey = (event: KeyboardEvent) => {
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => moveBy(-60, 0),
      ArrowRight: () => moveBy(60, 0),
      ArrowUp: () => moveBy(0, -60),
      ArrowDown: () => moveBy(0, 60),
      "+": () => zoomBy(zoomStep),
      "-": () => zoomBy(1 / zoomStep),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  const next = () => {
    const after = found.findIndex((node) => node > (chosen ?? -1));
    const node = found[after < 0 ? 0 : after];
    if (node !== undefined) goTo(node);
  };
  const node = chosen === undefined ? undefined : graph.nodes[chosen];
  return (
    <>
      <form
        class="field-row"
        onSubmit={(event) => {
          event.preventDefault();
          next();
        }}
      >
        <input
          type="search"
          aria-label={text("graph.search")}
          placeholder={text("graph.search")}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={found.length === 0}>
          {text("graph.next")}
        </button>
        {query && <span class="faint">{countText("graph.found", found.length)}</span>}
        <span class="spacer" />
        <button type="button" class="button" aria-label={text("graph.zoomOut")} onClick={() => zoomBy(1 / zoomStep)}>
          −
        </button>
        <button type="button" class="button" aria-label={text("graph.zoomIn")} onClick={() => zoomBy(zoomStep)}>
          +
        </button>
        <button
          type="button"
          class="button"
          onClick={() => setView({ x: 0, y: 0, zoom: Math.min(1, Math.max(least, width / layout.width)) })}
        >
          {text("graph.fit")}
        </button>
      </form>
      <div
        class="graph-pane"
        ref={pane}
        tabIndex={0}
        role="application"
        aria-label={text("graph.help")}
        onKeyDown={onKey}
        onWheel={(event) => {
          if (!event.ctrlKey && !event.metaKey && !event.altKey) return;
          event.preventDefault();
          zoomBy(event.deltaY < 0 ? zoomStep : 1 / zoomStep, event.offsetX, event.offsetY);
        }}
        onPointerDown={(event) => {
          grabbed.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={(event) => {
          const from = grabbed.current;
          if (!from || event.buttons === 0) return;
          moveBy(from.x - event.clientX, from.y - event.clientY);
          grabbed.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerUp={() => {
          grabbed.current = undefined;
        }}
      >
        <Drawing
          graph={graph}
          layout={layout}
          view={view}
          width={width}
          found={found}
          chosen={chosen}
          choose={setChosen}
        />
      </div>
      <p class="faint">{text("graph.hint")}</p>
      {node && <NodeFacts graph={graph} node={node} />}
    </>
  );
}

interface DrawingProps {
  readonly graph: GraphDescription;
  readonly layout: Layout;
  readonly view: View;
  readonly width: number;
  readonly found: readonly number[];
  readonly chosen: number | undefined;
  readonly choose: (node: number) => void;
}

/** Only what lies in the pane is drawn: a graph may have thousands of nodes. */
function Drawing({ graph, layout, view: { x, y, zoom }, width, found, chosen, choose }: DrawingProps) {
  const margin = 200;
  const isSeen = (place: Placed | undefined) =>
    place !== undefined &&
    place.x + nodeWidth > x - margin &&
    place.x < x + width / zoom + margin &&
    place.y + nodeHeight > y - margin &&
    place.y < y + paneHeight / zoom + margin;
  const hits = new Set(found);
  return (
    <svg width="100%" height={paneHeight} aria-hidden="true">
      <g transform={`scale(${zoom}) translate(${-x} ${-y})`}>
        {layout.edges.map(({ from, to }) => {
          const [a, b] = [layout.nodes[from], layout.nodes[to]];
          if (!a || !b || (!isSeen(a) && !isSeen(b))) return null;
          const [ax, ay, bx, by] = [a.x + nodeWidth / 2, a.y + nodeHeight, b.x + nodeWidth / 2, b.y];
          const middle = (ay + by) / 2;
          return (
            <path key={`${from}-${to}`} class="edge" d={`M${ax} ${ay}C${ax} ${middle} ${bx} ${middle} ${bx} ${by}`} />
          );
        })}
        {layout.nodes.filter(isSeen).map((place) => {
          const node = graph.nodes[place.node] as NodeDescription;
          const kinds = ["node", hits.has(place.node) && "hit", chosen === place.node && "chosen"];
          return (
            <g
              key={place.node}
              class={[...kinds, !node.isSupported && "unsupported"].filter(Boolean).join(" ")}
              transform={`translate(${place.x} ${place.y})`}
              onClick={() => choose(place.node)}
            >
              <rect width={nodeWidth} height={nodeHeight} rx="7" />
              <text x="10" y="17">
                {node.operator.slice(0, 22)}
              </text>
              <text x="10" y="32" class="node-more">
                {place.node} · {(graph.tensors[node.outputs[0] ?? -1]?.shape ?? []).join("×").slice(0, 20)}
              </text>
            </g>
          );
        })}
      </g>
    </svg>
  );
}

function NodeFacts({ graph, node }: { graph: GraphDescription; node: NodeDescription }) {
  const rows = [
    ...node.inputs.map((tensor) => ["→", graph.tensors[tensor]] as const),
    ...node.outputs.map((tensor) => ["←", graph.tensors[tensor]] as const),
  ];
  return (
    <div class="node-facts" aria-live="polite">
      <p>
        <strong>
          {node.index}: {node.operator}
        </strong>{" "}
        {text("graph.version", { count: node.version })}
      </p>
      <ul>
        {rows.map(
          ([arrow, tensor], index) =>
            tensor && (
              <li key={index}>
                <span aria-hidden="true">{arrow}</span> <span class="name">{tensor.name}</span>{" "}
                <code>{shapeText(tensor)}</code>
              </li>
            ),
        )}
      </ul>
    </div>
  );
}

function search({ nodes, tensors }: GraphDescription, query: string): number[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return [];
  const matches = (word: string | undefined) => word?.toLowerCase().includes(wanted) ?? false;
  return nodes
    .filter(
      ({ index, operator, inputs, outputs }) =>
        String(index) === wanted ||
        matches(operator) ||
        [...inputs, ...outputs].some((tensor) => matches(tensors[tensor]?.name)),
    )
    .map(({ index }) => index);
}
