/** Makes a fresh clone ready to run: the dependencies, and the pinned Node when the machine's own is too old.
 *  Plain JavaScript for Node 20, because it runs before anything is installed. Safe to run many times at once.
 *  Progress goes to stderr, so the standard output belongs to the command that follows. */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const pinnedVersion = '26.10.0';

const minimum = [24, 5];
const state = join(root, 'node_modules', '.cache', 'countersign');
const lockFile = join(root, '.set-up.lock');
const heartbeatMs = 1_000;
const staleAfterMs = 30_000;
const retryAfterMs = 5_000;
const waitMs = 15 * 60_000;

/** A failure whose message already says what to do. */
export class SetUpError extends Error {}

/** The folder for everything that outlives a clone: Node binaries, compiled code, test peers. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'countersign');
}

/** Sets the clone up where needed. Returns the path of the Node binary to run the project with. */
export async function setUp() {
  const ready = await readyNode();
  if (ready !== undefined) return ready;
  const unlock = await takeLock();
  try {
    // Another run may have finished the work while this one waited.
    const done = await readyNode();
    if (done !== undefined) return done;
    if (!(await isInStep())) await installDependencies();
    const node = isNewEnough() ? process.execPath : await installNode(pinnedVersion);
    await record(node);
    return node;
  } finally {
    await unlock();
  }
}

/** Installs a pinned Node into the cache, unless it is there. Returns the path of its binary. */
export async function installNode(version) {
  const target = join(cacheFolder(), `node-${version}`);
  const binary = join(target, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (await exists(binary)) return binary;

  say(`fetching Node ${version} (once, about 60 MB) ...`);
  await mkdir(cacheFolder(), { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder(), 'node-new-'));
  try {
    await cp(join(root, 'tools', 'node', version), scratch, { recursive: true });
    await npm(['ci'], scratch, `fetching Node ${version}`);
    const from = join(scratch, 'node_modules', packageOfPlatform());
    if (!(await exists(from))) {
      throw new SetUpError(
        `Node ${version} has no package for ${process.platform} ${process.arch}. ` +
          `Install Node ${minimum.join('.')} or newer yourself and run this again.`,
      );
    }
    await run(join(from, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'), ['-e', '0'], scratch).catch(
      (error) => {
        throw new SetUpError(
          `Node ${version} does not run on this machine (${error.message}). ` +
            `Install Node ${minimum.join('.')} or newer yourself and run this again.`,
        );
      },
    );
    // A rename is all or nothing: a crash leaves a scratch folder, never half a Node. Losing the race is fine too.
    await rename(from, target).catch(async (error) => {
      if (!(await exists(binary))) throw error;
    });
    return binary;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The recorded Node binary, when dependencies and Node are both as the lockfile says; else undefined.
 *  The launcher `countersign` makes the same two checks in shell. */
async function readyNode() {
  const [wanted, recorded, node] = await Promise.all([
    readFile(join(root, 'package-lock.json'), 'utf8'),
    readFile(join(state, 'package-lock.json'), 'utf8').catch(() => undefined),
    readFile(join(state, 'node'), 'utf8').catch(() => ''),
  ]);
  if (wanted !== recorded) return undefined;
  const binary = node.trim();
  // A Node that is new enough itself is preferred to a recorded one, which may be another user's.
  if (isNewEnough()) return process.execPath;
  return binary !== '' && (await exists(binary)) ? binary : undefined;
}

/** Whether node_modules holds what the lockfile says, by npm's own record of what it installed last. */
async function isInStep() {
  try {
    const wanted = await packagesOf(join(root, 'package-lock.json'));
    const installed = await packagesOf(join(root, 'node_modules', '.package-lock.json'));
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '') return true;
      const found = installed[path];
      if (found === undefined) return entry.optional === true;
      return found.version === entry.version && found.integrity === entry.integrity;
    });
  } catch {
    return false; // nothing installed yet, or an install that was cut off
  }
}

async function packagesOf(lockfile) {
  return JSON.parse(await readFile(lockfile, 'utf8')).packages;
}

async function installDependencies() {
  say('installing dependencies (npm ci) ...');
  await npm(['ci', '--include=dev'], root, 'installing the dependencies');
}

async function record(node) {
  await mkdir(state, { recursive: true });
  // The path first: the launcher trusts it only when the copy of the lockfile, written last, is right.
  await writeFile(join(state, 'node'), `${node}\n`);
  await cp(join(root, 'package-lock.json'), join(state, 'package-lock.json'));
}

function isNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > minimum[0] || (major === minimum[0] && minor >= minimum[1]);
}

function packageOfPlatform() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

/** Runs npm; a second time when the first fails: networks hiccup, and the npm of a killed set-up may still be writing. */
async function npm(args, cwd, what) {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const attempt = () => run('npm', [...args, ...quiet, '--prefix', cwd], cwd);
  try {
    await attempt().catch(async (error) => {
      if (error.code === 'ENOENT') throw error;
      say(`${what} failed (${error.message}): trying once more in ${retryAfterMs / 1000} s ...`);
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
      await attempt();
    });
  } catch (error) {
    throw new SetUpError(
      error.code === 'ENOENT'
        ? `${what} needs npm, which is not on the PATH: install it with Node, then run: npm run set-up`
        : `${what} failed: ${error.message} (npm's own message is above).\n` +
            'Check that npm reaches its registry from here (proxy, certificates, disk space), then run: npm run set-up',
    );
  }
}

/** Runs a program with its output on stderr, and settles when it ends. */
function run(file, args, cwd) {
  const env = { ...process.env };
  // Set by an outer `npm run`; it would make the inner npm work on the outer folder.
  delete env.npm_config_local_prefix;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32' && file === 'npm',
    });
    child.once('error', reject);
    child.once('exit', (status, signal) => {
      if (status === 0) resolve();
      else reject(new Error(`${file} ended with ${signal ?? `status ${status}`}`));
    });
  });
}

/** Waits for the clone's set-up lock. Returns the function that gives it back. */
async function takeLock() {
  const mine = `${hostname()} ${process.pid}\n`;
  const deadline = Date.now() + waitMs;
  let told = false;
  while (true) {
    if (await createLock(lockFile, mine)) break;
    if (await isStale(lockFile)) {
      await breakLock();
      continue;
    }
    if (!told) say('another run is setting this clone up: waiting for it ...');
    told = true;
    if (Date.now() > deadline)
      throw new SetUpError(`waited ${waitMs / 60_000} minutes for ${lockFile}: if nothing else runs, delete it`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const beat = setInterval(() => utimes(lockFile, new Date(), new Date()).catch(() => {}), heartbeatMs);
  return async () => {
    clearInterval(beat);
    if ((await readFile(lockFile, 'utf8').catch(() => '')) === mine) await rm(lockFile, { force: true });
  };
}

/** Two waiters may both find a stale lock; the guard keeps the slower one from deleting the faster one's new lock. */
async function breakLock() {
  const guard = `${lockFile}.break`;
  if (!(await createLock(guard, ''))) {
    if (await isStale(guard)) await rm(guard, { force: true });
    return;
  }
  if (await isStale(lockFile)) await rm(lockFile, { force: true });
  await rm(guard, { force: true });
}

async function createLock(path, content) {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(content);
    await file.close();
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw new SetUpError(`cannot write ${path} (${error.code}): the clone must be writable for its first run`);
  }
}

/** Whether a lock's owner is gone: its process ended (same machine), or it stopped touching the file. */
async function isStale(path) {
  try {
    const [content, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    if (Date.now() - mtimeMs > staleAfterMs) return true;
    const [host, pid] = content.trim().split(' ');
    return host === hostname() && pid !== undefined && !isRunning(Number(pid));
  } catch {
    return false; // gone: the next attempt takes it
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function exists(path) {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function say(line) {
  process.stderr.write(`countersign set-up: ${line}\n`);
}

/** Runs the set-up as a program: nothing on stdout, status 1 with one clear message when it fails. */
export async function setUpOrExit() {
  try {
    return await setUp();
  } catch (error) {
    say(error instanceof SetUpError ? error.message : String(error?.stack ?? error));
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUpOrExit();
