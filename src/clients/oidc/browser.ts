/** Opens a page in the person's own browser. */

import { spawn } from 'node:child_process';

/** Milliseconds in which a program that cannot open anything says so. */
const PATIENCE_MS = 2000;

const PROGRAMS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** False when there is no program for it, or it fails at once. The address holds no secret: the challenge is a hash, and
 *  the state only says which login comes back. */
export async function openBrowser(url: URL, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const [program, ...words] = PROGRAMS[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const child = spawn(program, [...words, url.href], { stdio: 'ignore', detached: true, env: environment });
    const timer = setTimeout(() => resolve(true), PATIENCE_MS);
    const settle = (isOpen: boolean): void => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    child.on('error', () => settle(false));
    child.on('exit', (status) => settle(status === 0));
    child.unref();
  });
}
