#!/usr/bin/env node
// The installed `countersign`. Written so that every Node since version 12 can read it and say what is wrong.
'use strict';

const version = process.versions.node.split('.').map(Number);
if (version[0] < 24 || (version[0] === 24 && version[1] < 15)) {
  process.stderr.write(
    'countersign needs Node 24.15 or newer; this is Node ' + process.versions.node + ' (' + process.execPath + ')\n',
  );
  process.exit(1);
}

const fs = require('node:fs');
const path = require('node:path');
const { Script } = require('node:vm');

const loaded = new Map();
// In the order in which they are looked through; each is read when the ones before lack something.
const tables = [{ name: 'main' }, { name: 'commands' }, { name: 'packages' }];
load('./main.js');

// tools/build.ts makes the tables: name -> function of a module.
function load(name) {
  if (!name.startsWith('./')) return builtinOf(name);
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  functionOf(name)(module.exports, load, module);
  return module.exports;
}

function functionOf(name) {
  for (const table of tables) {
    if (table.functions === undefined) table.functions = tableOf(table.name);
    if (table.functions[name] !== undefined) return table.functions[name];
  }
  throw new Error('no such module: ' + name);
}

// What a command compiled of it is kept for its next run: that is a third of a quick one. (Node's own compile cache
// keeps only what is compiled before the first line runs, which is next to nothing.)
function tableOf(name) {
  const filename = path.join(__dirname, name + '.cjs');
  const place = placeOfCode(name);
  const cachedData = place === undefined ? undefined : readCode(place);
  const script = new Script(fs.readFileSync(filename, 'latin1'), { filename, cachedData });
  if (place !== undefined && (cachedData === undefined || script.cachedDataRejected)) {
    process.once('exit', (status) => {
      if (status === 0) keepCode(place, script);
    });
  }
  return script.runInThisContext();
}

// In the user's own cache, never in a folder that somebody else can write: it is code that runs. V8 asks for the same
// Node, and compares the length of the source: the rest is ours to see to, so the name holds the hash of the source.
function placeOfCode(name) {
  const { XDG_CACHE_HOME, HOME = '' } = process.env;
  const cache = XDG_CACHE_HOME || path.join(HOME, '.cache');
  const command = process.argv[2];
  const isHelp = process.argv.includes('--help') || process.argv.includes('-h');
  if (!path.isAbsolute(cache) || !/^[a-z-]{1,30}$/.test(command) || isHelp) return undefined;
  const key = ['SOURCE-HASH', process.version, process.arch, command, name].join('-');
  return path.join(cache, 'countersign', 'compiled', key);
}

// Undefined unless the file is wholly ours. V8 runs a damaged one into the ground: the code stands there twice.
function readCode(place) {
  let opened;
  try {
    opened = fs.openSync(place, 'r');
    const { uid, mode } = fs.fstatSync(opened);
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined;
    const twice = fs.readFileSync(opened);
    const code = twice.subarray(0, twice.length / 2);
    return code.equals(twice.subarray(twice.length / 2)) ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (opened !== undefined) fs.closeSync(opened);
  }
}

// By rename: whoever reads it meanwhile gets the old one or the new one whole.
function keepCode(place, script) {
  try {
    const code = script.createCachedData();
    // One by one: Node's recursive form never ends where a folder cannot be made in one that is there (/proc).
    const folder = path.dirname(place);
    for (const each of [path.join(folder, '..', '..'), path.join(folder, '..'), folder]) {
      if (!fs.existsSync(each)) fs.mkdirSync(each, { mode: 0o700 });
    }
    fs.writeFileSync(place + '.' + process.pid, Buffer.concat([code, code]), { mode: 0o600, flag: 'wx' });
    fs.renameSync(place + '.' + process.pid, place);
  } catch {
    // Nowhere to keep it: everything works, a little slower.
  }
}

// What is imported by an `import` statement (tools/build.ts marks it) is loaded when something of it is first used:
// node:crypto takes 7 ms and node:http 4, and no command needs all.
function builtinOf(name) {
  if (!name.startsWith('on-use:')) return require(name);
  let builtin;
  const use = () => (builtin = builtin === undefined ? require(name.slice('on-use:'.length)) : builtin);
  return new Proxy(
    {},
    {
      get: (_, member) => use()[member],
      // For packages that import a module as a whole.
      ownKeys: () => Reflect.ownKeys(use()),
      getOwnPropertyDescriptor: (_, member) =>
        member in use() ? { get: () => use()[member], enumerable: true, configurable: true } : undefined,
    },
  );
}
