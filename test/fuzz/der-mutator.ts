/** Changes one element of a DER document and writes the lengths around it anew, so that readers get as far as the change. */

/** A whole number from 0 to below its argument. */
export type Dice = (below: number) => number;

/** Tag and length octets, and what is inside: elements where the tag says so and they can be told apart, else bytes. */
interface Node {
  readonly tag: number;
  readonly children?: Node[];
  readonly content: Uint8Array;
}

const CONSTRUCTED = 0x20;
const TAGS = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0, 0xa3];

/** Undefined where the bytes are no DER. `change` makes other bytes of the content of a primitive element. */
export function changedDer(
  bytes: Uint8Array,
  dice: Dice,
  change: (content: Uint8Array) => Uint8Array,
): Uint8Array | undefined {
  const [root, ...more] = nodesOf(bytes) ?? [];
  if (root === undefined || more.length > 0) return undefined;
  const parents: Node[] = [];
  const walk = (node: Node): void => {
    if (node.children !== undefined) parents.push(node);
    node.children?.forEach(walk);
  };
  walk(root);
  const parent = parents[dice(Math.max(parents.length, 1))];
  const children = parent?.children ?? [];
  const at = dice(Math.max(children.length, 1));
  const child = children[at];
  if (child === undefined) return undefined;
  switch (dice(5)) {
    case 0:
      children.splice(at, 1);
      break;
    case 1:
      children.push(child);
      break;
    case 2:
      children[at] = { ...child, tag: TAGS[dice(TAGS.length)] ?? 0 };
      break;
    case 3:
      children.splice(at, 0, parents[dice(parents.length)]?.children?.[0] ?? child);
      break;
    default:
      children[at] = { tag: child.tag, content: change(child.children === undefined ? child.content : encoded(child)) };
  }
  return depthOf(root) > 40 ? undefined : encoded(root);
}

function nodesOf(bytes: Uint8Array, depth = 0): Node[] | undefined {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag = 0, first = 0] = bytes.subarray(at, at + 2);
    const octets = first < 0x80 ? 0 : first & 0x7f;
    const start = at + 2 + octets;
    const length = octets === 0 ? first : bytes.subarray(at + 2, start).reduce((sum, each) => sum * 256 + each, 0);
    if (octets > 3 || start + length > bytes.length || depth > 40) return undefined;
    const content = bytes.subarray(start, start + length);
    // Octet strings often hold DER, too: extensions and what an authority stamped.
    const hasChildren = (tag & CONSTRUCTED) !== 0 || tag === 0x04;
    const children = hasChildren ? nodesOf(content, depth + 1) : undefined;
    nodes.push(children === undefined ? { tag, content } : { tag, content, children });
    at = start + length;
  }
  return nodes;
}

function encoded({ tag, children, content }: Node): Uint8Array {
  const inner = children === undefined ? content : Buffer.concat(children.map(encoded));
  const { length } = inner;
  const octets =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Uint8Array.from([tag, ...octets]), inner]);
}

/** An element that was put into itself would have no end. */
function depthOf(node: Node, depth = 0): number {
  return depth > 40 ? depth : Math.max(depth, ...(node.children ?? []).map((child) => depthOf(child, depth + 1)));
}
