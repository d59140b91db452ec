/** `node grow-log.ts DATA SIZE`: fills the log of a stack that does not run up to so many entries, through its own engine,
 *  durably; after each hundred thousand prints a line of JSON. */

import { openDataDirectory, readKeys, readSettings } from '../../src/servers/stack/data-directory.ts';
import { requireSigner } from '../../src/servers/stack/stack-keys.ts';
import { stackLogKinds } from '../../src/servers/stack/stack-logs.ts';
import { openTileLog } from '../../src/servers/tiles/open-tile-log.ts';
import { openDirectoryStore } from '../../src/storage/directory-store.ts';
import { openSqliteIndex } from '../../src/storage/sqlite-index.ts';
import { openEntryGenerator } from './generated-entries.ts';
import { stackPassword } from './stack-process.ts';

export interface GrowthReport {
  readonly size: number;
  readonly residentMB: number;
  readonly perSecond: number;
}

const AT_ONCE = 512;
const REPORTED = 100_000;

const [dataDir = '', wanted = '0'] = process.argv.slice(2);
const now = (): Date => new Date();
const directory = await openDataDirectory(dataDir);
const settings = await readSettings(dataDir);
if (settings === undefined) throw new Error(`there is no stack in ${dataDir}`);
const keys = await readKeys(dataDir, settings, Buffer.from(stackPassword));
const signers = { rekor: requireSigner(keys, 'rekor'), ctlog: requireSigner(keys, 'ctlog') };
const index = await openSqliteIndex(directory.index, { now, onMovedAside: () => undefined });
const objects = await openDirectoryStore(directory.objects);
const log = await openTileLog({ kind: stackLogKinds(settings, signers).rekor, objects, index, now });
const entryOf = await openEntryGenerator();

let begun = performance.now();
for (let size = Number(log.head().size), reported = size; size < Number(wanted);) {
  const count = Math.min(AT_ONCE, Number(wanted) - size);
  await Promise.all(Array.from({ length: count }, (_, nth) => log.add(entryOf(size + nth))));
  size += count;
  if (size - reported >= REPORTED || size === Number(wanted)) {
    const perSecond = ((size - reported) * 1000) / (performance.now() - begun);
    const report: GrowthReport = { size, residentMB: process.memoryUsage.rss() / 1e6, perSecond };
    console.log(JSON.stringify(report));
    [begun, reported] = [performance.now(), size];
  }
}
await log.close();
await index.close();
directory.release();
