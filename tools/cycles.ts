/** Circles in a directed graph. */

/** One circle for each edge that closes one, found depth first. Nodes that are only pointed at have no edges. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const done = new Set<string>();
  const trail: string[] = [];
  const cycles: (readonly string[])[] = [];
  const visit = (node: string): void => {
    const start = trail.indexOf(node);
    if (start !== -1) {
      cycles.push(trail.slice(start));
      return;
    }
    if (done.has(node)) return;
    trail.push(node);
    for (const next of new Set(graph.get(node))) visit(next);
    trail.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return cycles;
}
