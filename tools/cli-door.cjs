#!/usr/bin/env node
// The installed `countersign`. Written so that every Node since version 12 can read it and say what is wrong.
'use strict';

const version = process.versions.node.split('.').map(Number);
if (version[0] < 24 || (version[0] === 24 && version[1] < 5)) {
  process.stderr.write(
    'countersign needs Node 24.5 or newer; this is Node ' + process.versions.node + ' (' + process.execPath + ')\n',
  );
  process.exit(1);
}

// Compiled code is kept in the user's own cache, never in a folder that somebody else can write: it is code that runs.
const { XDG_CACHE_HOME, HOME } = process.env;
const cache = XDG_CACHE_HOME || (HOME && HOME + '/.cache');
if (cache) require('node:module').enableCompileCache(cache + '/countersign/compiled');
require('./main.cjs');
