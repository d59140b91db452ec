/** Looks at a data directory and the stack on it as somebody would who was called at night: each finding says what is so,
 *  and what to do. Changes nothing, and needs no password. */

import { stat, statfs } from 'node:fs/promises';

import { messageOf } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import { concatBytes, parseUtf8 } from '../../base/bytes.ts';
import type { Runtime } from '../../base/runtime.ts';
import { openDirectoryReader } from '../../storage/directory-store.ts';
import { keyNamesIn, placesIn, readSettings } from './data-directory.ts';
import { offlineKeyNames } from './stack-keys.ts';
import type { StackSettings } from './stack-settings.ts';
import { runningStatusOf } from './stack-status.ts';
import type { StackStatus } from './stack-status.ts';

export interface Finding {
  readonly what: string;
  readonly outcome: 'good' | 'warning' | 'bad';
  readonly saw: string;
  /** What to do; absent where all is good. */
  readonly next?: string;
}

/** Of an answer that is a line long. */
const MOST_PARTS = 16;
const LEAST_FREE_BYTES = 1024 * 1024 * 1024;

/** In the order in which they should be dealt with. Throws nothing for what it finds. */
export async function examineStack(dataDir: string, runtime: Runtime): Promise<readonly Finding[]> {
  const settings = await attempt('settings', () => readSettings(dataDir), 'Restore stack.json from a backup.');
  if ('outcome' in settings) return [settings];
  if (settings.value === undefined) {
    return [
      bad('settings', `there is no stack in ${dataDir}`, 'Name its data directory, or make one with "countersign up".'),
    ];
  }
  const status = await statusOf(dataDir);
  return [
    good(
      'settings',
      `${settings.value.mode} stack ${settings.value.url}, made on ${settings.value.created.toISOString()}`,
    ),
    await examinePermissions(dataDir),
    await examineSpace(dataDir),
    examineKeys(dataDir, settings.value),
    ...(await examineObjects(dataDir)),
    ...examineRunning(status),
    ...(status === undefined ? [] : [await examineReach(settings.value, runtime)]),
  ];
}

async function examinePermissions(dataDir: string): Promise<Finding> {
  const { mode } = await stat(dataDir);
  return (mode & 0o077) === 0
    ? good('permissions', 'the data directory is closed to other users')
    : bad(
        'permissions',
        `others may enter the data directory (mode ${(mode & 0o777).toString(8)})`,
        `chmod 700 ${dataDir}`,
      );
}

async function examineSpace(dataDir: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = `${Math.floor((bavail * bsize) / (1024 * 1024))} MiB free`;
  return bavail * bsize >= LEAST_FREE_BYTES
    ? good('disk', free)
    : warning('disk', free, 'Make room: a log that cannot write takes no entries.');
}

function examineKeys(dataDir: string, { publicKeys, mode }: StackSettings): Finding {
  try {
    const names = keyNamesIn(dataDir);
    const lost = [...publicKeys.keys()].filter(
      (name) => !names.includes(name) && !(offlineKeyNames as readonly string[]).includes(name),
    );
    if (lost.length > 0) return bad('keys', `missing: ${lost.join(', ')}`, 'Restore keys.json from a backup.');
    const kept = offlineKeyNames.filter((name) => names.includes(name));
    if (kept.length === 0) return good('keys', 'those that daily work does not need are elsewhere');
    const saw = `${kept.join(', ')} ${kept.length === 1 ? 'is' : 'are'} here`;
    return mode === 'development'
      ? good('keys', saw)
      : warning('keys', saw, 'Take them out with "countersign stack root export".');
  } catch (error) {
    return bad('keys', messageOf(error), 'Restore keys.json from a backup.');
  }
}

/** What the logs and the trust repository cannot do without. */
async function examineObjects(dataDir: string): Promise<readonly Finding[]> {
  const objects = openDirectoryReader(placesIn(dataDir).objects);
  const wanted = [
    'rekor/state',
    'rekor/checkpoint',
    'ctlog/state',
    'ctlog/checkpoint',
    'authority/ca.pem',
    'authority/timestamps.pem',
  ];
  const found = await Promise.all(wanted.map((key) => objects.read(key).catch(() => undefined)));
  const lost = wanted.filter((_, at) => found[at] === undefined);
  return lost.length === 0
    ? [good('objects', 'logs and certificates are there; "countersign stack verify-log" checks every entry')]
    : [bad('objects', `missing: ${lost.join(', ')}`, 'Restore the whole data directory from one backup.')];
}

function examineRunning(status: StackStatus | undefined): readonly Finding[] {
  if (status === undefined)
    return [warning('process', 'no stack runs on the data directory', 'Start it with "countersign up".')];
  return [
    good('process', `process ${status.pid ?? ''}, since ${status.started ?? ''}`),
    ...(status.problems ?? []).map((problem) =>
      bad('state', problem, 'Deal with this first: the stack does not do its work.'),
    ),
    ...(status.warnings ?? []).map((saw) => warning('state', saw, 'Deal with this before it becomes a problem.')),
  ];
}

/** Whether clients get through to this stack by the URL they were given, and to no other. */
async function examineReach({ url, name }: StackSettings, { request, signal }: Runtime): Promise<Finding> {
  try {
    const answer = await request({ method: 'GET', url: new URL(`${url}/healthz`), signal });
    const parts: Uint8Array[] = [];
    for await (const part of answer.body) {
      parts.push(part);
      if (parts.length > MOST_PARTS) break;
    }
    const { status } = parseJson(parseUtf8(concatBytes(parts)), { what: 'answer', maxBytes: limits.controlBytes }) as {
      readonly status?: string;
    };
    if (answer.status === 200 && status === 'SERVING') return good('reach', `${url} answers`);
    return bad('reach', `${url}/healthz answers ${answer.status}`, `Look at what stands between ${url} and ${name}.`);
  } catch (error) {
    return bad(
      'reach',
      `${url} does not answer: ${messageOf(error)}`,
      'Look at the name, the proxy in front, and its certificate.',
    );
  }
}

async function statusOf(dataDir: string): Promise<StackStatus | undefined> {
  try {
    return await runningStatusOf(dataDir);
  } catch {
    return undefined;
  }
}

async function attempt<T>(what: string, run: () => Promise<T>, next: string): Promise<{ readonly value: T } | Finding> {
  try {
    return { value: await run() };
  } catch (error) {
    return bad(what, messageOf(error), next);
  }
}

function good(what: string, saw: string): Finding {
  return { what, outcome: 'good', saw };
}

function warning(what: string, saw: string, next: string): Finding {
  return { what, outcome: 'warning', saw, next };
}

function bad(what: string, saw: string, next: string): Finding {
  return { what, outcome: 'bad', saw, next };
}
