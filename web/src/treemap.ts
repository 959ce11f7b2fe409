// A squarified treemap (Bruls, Huizing, van Wijk 2000): rectangles with areas as the sizes, as near to squares as can be.

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One rectangle for each size, which must fall and be above 0, filling width × height. */
export function treemap(sizes: readonly number[], width: number, height: number): Rectangle[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= 0) return [];
  const areas = sizes.map((size) => (size * width * height) / total);
  const placed: Rectangle[] = [];
  let free: Rectangle = { x: 0, y: 0, width, height };
  let from = 0;
  while (from < areas.length) {
    const side = Math.min(free.width, free.height);
    let to = from + 1;
    while (to < areas.length && worst(areas, from, to + 1, side) <= worst(areas, from, to, side)) ++to;
    const row = areas.slice(from, to);
    const sum = row.reduce((all, area) => all + area, 0);
    const isColumn = free.width >= free.height;
    const thickness = side > 0 ? sum / side : 0;
    let offset = 0;
    for (const area of row) {
      const length = thickness > 0 ? area / thickness : 0;
      placed.push(
        isColumn
          ? { x: free.x, y: free.y + offset, width: thickness, height: length }
          : { x: free.x + offset, y: free.y, width: length, height: thickness },
      );
      offset += length;
    }
    free = isColumn
      ? { ...free, x: free.x + thickness, width: Math.max(0, free.width - thickness) }
      : { ...free, y: free.y + thickness, height: Math.max(0, free.height - thickness) };
    from = to;
  }
  return placed;
}

/** The longest ratio of sides in a row of areas[from…to) along a side. */
function worst(areas: readonly number[], from: number, to: number, side: number): number {
  const row = areas.slice(from, to);
  const sum = row.reduce((all, area) => all + area, 0);
  const [most, least] = [row[0] ?? 0, row.at(-1) ?? 0];
  return Math.max((side * side * most) / (sum * sum), (sum * sum) / (side * side * least));
}
