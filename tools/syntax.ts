/** What the gates want to know about one module, read from its syntax tree. */

import { parseSync, Visitor } from 'oxc-parser';
import type { Function as FunctionNode, ArrowFunctionExpression, Node, Program, Statement } from 'oxc-parser';

export interface Import {
  /** Undefined when it is computed: nobody can check such an import. */
  readonly specifier: string | undefined;
  readonly line: number;
}

export interface NamedLine {
  readonly name: string;
  readonly line: number;
}

export interface FunctionSize extends NamedLine {
  readonly lines: number;
}

export interface ModuleFacts {
  /** Static, dynamic and type imports, and re-exports. */
  readonly imports: readonly Import[];
  readonly defaultExports: readonly number[];
  readonly starExports: readonly number[];
  /** Exports, and all that it exports belongs to other modules. */
  readonly isBarrel: boolean;
  readonly anys: readonly number[];
  /** Uses of what Node puts in the air: process, console, fetch, timers, the clock, Math.random. */
  readonly ambient: readonly NamedLine[];
  /** Outermost functions and those inside, with their whole length. */
  readonly functions: readonly FunctionSize[];
}

/** Reads one module. Throws a plain Error when it does not parse. */
export function moduleFactsOf(path: string, text: string): ModuleFacts {
  const { program, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);

  const lineOf = lineFinder(text);
  const collected = {
    imports: [] as Import[],
    defaultExports: [] as number[],
    starExports: [] as number[],
    anys: [] as number[],
    ambient: [] as NamedLine[],
    functions: [] as FunctionSize[],
  };
  const { imports, defaultExports, starExports, anys, ambient, functions } = collected;
  const addImport = (source: Node | null, node: Node): void => {
    if (source === null) return;
    const specifier = source.type === 'Literal' && typeof source.value === 'string' ? source.value : undefined;
    imports.push({ specifier, line: lineOf(node.start) });
  };

  new Visitor({
    ImportDeclaration: (node) => addImport(node.source, node),
    ImportExpression: (node) => addImport(node.source, node),
    TSImportType: (node) => addImport(node.source, node),
    ExportNamedDeclaration: (node) => addImport(node.source, node),
    ExportAllDeclaration: (node) => {
      addImport(node.source, node);
      starExports.push(lineOf(node.start));
    },
    ExportDefaultDeclaration: (node) => void defaultExports.push(lineOf(node.start)),
    TSAnyKeyword: (node) => void anys.push(lineOf(node.start)),
  }).visit(program);
  const own = parameterNamesOf(program);
  ambientVisitor((name, node) => {
    if (!own.has(name)) ambient.push({ name, line: lineOf(node.start) });
  }).visit(program);
  functionVisitor((name, node) => {
    const line = lineOf(node.start);
    functions.push({ name, line, lines: lineOf(node.end) - line + 1 });
  }).visit(program);
  return { ...collected, isBarrel: isBarrel(program.body) };
}

function isBarrel(body: readonly Statement[]): boolean {
  return body.some(({ type }) => type !== 'ImportDeclaration') && body.every(isPassedOn);
}

function isPassedOn(statement: Statement): boolean {
  if (statement.type === 'ImportDeclaration' || statement.type === 'ExportAllDeclaration') return true;
  return statement.type === 'ExportNamedDeclaration' && statement.declaration === null;
}

const ambientObjects = new Set(['process', 'console', 'performance']);
const ambientFunctions = new Set(['fetch', 'setTimeout', 'setInterval', 'setImmediate']);

function ambientVisitor(add: (name: string, node: Node) => void): Visitor {
  return new Visitor({
    MemberExpression: (node) => {
      if (node.object.type !== 'Identifier') return;
      const member = node.property.type === 'Identifier' ? `${node.object.name}.${node.property.name}` : '';
      if (ambientObjects.has(node.object.name)) add(member === '' ? node.object.name : member, node);
      if (member === 'Date.now' || member === 'Math.random') add(member, node);
    },
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && ambientFunctions.has(node.callee.name)) add(node.callee.name, node);
    },
    NewExpression: (node) => {
      const isDate = node.callee.type === 'Identifier' && node.callee.name === 'Date';
      if (isDate && node.arguments.length === 0) add('new Date()', node);
    },
    // `const { env } = process` reaches the same things.
    VariableDeclarator: (node) => {
      if (node.init?.type === 'Identifier' && ambientObjects.has(node.init.name)) add(`${node.init.name}.env`, node);
    },
  });
}

/** What functions of the module call their parameters: `fetch` may be one of them, and then it is not the global. */
function parameterNamesOf(program: Program): ReadonlySet<string> {
  const names = new Set<string>();
  const addNames = ({ params }: FunctionNode | ArrowFunctionExpression): void => {
    for (const param of params) if (param.type === 'Identifier') names.add(param.name);
  };
  new Visitor({
    FunctionDeclaration: addNames,
    FunctionExpression: addNames,
    ArrowFunctionExpression: addNames,
  }).visit(program);
  return names;
}

function functionVisitor(add: (name: string, node: Node) => void): Visitor {
  const names = new Map<Node, string>();
  const addFunction = (node: FunctionNode | ArrowFunctionExpression): void =>
    add(node.id?.name ?? names.get(node) ?? '(anonymous)', node);
  return new Visitor({
    // Entered before the function itself, so the name is known by then.
    VariableDeclarator: (node) => {
      if (node.init !== null && node.id.type === 'Identifier') names.set(node.init, node.id.name);
    },
    MethodDefinition: (node) => {
      if (node.key.type === 'Identifier') names.set(node.value, node.key.name);
    },
    Property: (node) => {
      if (node.key.type === 'Identifier') names.set(node.value, node.key.name);
    },
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: addFunction,
  });
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    const next = starts.findIndex((start) => start > offset);
    return next === -1 ? starts.length : next;
  };
}
