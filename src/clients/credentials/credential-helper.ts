/** Programs that keep credentials: docker-credential-NAME get, store, erase.
 *  @source github.com/docker/docker-credential-helpers README */

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

import { concatBytes, parseUtf8, utf8Of } from '../../base/bytes.ts';
import { decodeDocument, decodeObject, decodeString } from '../../base/decode.ts';
import { ConfigError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { limits } from '../../base/limits.ts';
import type { Environment } from '../http/proxy.ts';

export interface HelperAnswer {
  readonly username: string;
  readonly secret: string;
}

const NAME = /^[A-Za-z0-9._-]+$/;
/** Variables with secrets of ours, which are nothing to a helper. */
const OUR_SECRETS: readonly string[] = [
  'COSIGN_PASSWORD',
  'COSIGN_REGISTRY_PASSWORD',
  'COSIGN_REGISTRY_TOKEN',
  'COUNTERSIGN_IMPORT_PASSWORD',
];
const NOT_FOUND = 'credentials not found in native keychain';

const decodeAnswer = decodeObject({ Username: decodeString, Secret: decodeString });

/** Undefined when the helper keeps nothing for the server. Throws CREDENTIAL_HELPER_FAILED. */
export async function getFromHelper(
  name: string,
  server: string,
  environment: Environment,
): Promise<HelperAnswer | undefined> {
  const { exitStatus, output } = await runHelper(name, 'get', server, environment);
  if (exitStatus !== 0) {
    if (isNotFound(output)) {
      return undefined;
    }
    throw failed(name, `ended with status ${exitStatus} when asked for ${server}`);
  }
  try {
    const document = parseJson(output, { what: 'helper answer', maxBytes: limits.credentialHelperBytes });
    const { Username, Secret } = decodeDocument(document, decodeAnswer, 'helper answer');
    return { username: Username, secret: Secret };
  } catch {
    // Without the cause: it quotes what the helper printed, which is secret.
    throw failed(name, `gave no readable answer when asked for ${server}`);
  }
}

/** Throws CREDENTIAL_HELPER_FAILED. */
export async function storeInHelper(
  name: string,
  server: string,
  answer: HelperAnswer,
  environment: Environment,
): Promise<void> {
  const input = JSON.stringify({ ServerURL: server, Username: answer.username, Secret: answer.secret });
  const { exitStatus } = await runHelper(name, 'store', input, environment);
  if (exitStatus !== 0) {
    throw failed(name, `ended with status ${exitStatus} when told to store credentials for ${server}`);
  }
}

/** What is not there counts as erased. Throws CREDENTIAL_HELPER_FAILED. */
export async function eraseFromHelper(name: string, server: string, environment: Environment): Promise<void> {
  const { exitStatus, output } = await runHelper(name, 'erase', server, environment);
  if (exitStatus !== 0 && !isNotFound(output)) {
    throw failed(name, `ended with status ${exitStatus} when told to erase ${server}`);
  }
}

interface HelperRun {
  readonly exitStatus: number | null;
  readonly output: Uint8Array;
}

/** Without a shell, secrets on stdin, time and output capped. Its stderr is nobody's: it may repeat what it was given. */
async function runHelper(
  name: string,
  verb: 'get' | 'store' | 'erase',
  input: string,
  environment: Environment,
): Promise<HelperRun> {
  const program = findProgram(name, environment);
  return new Promise((resolve, reject) => {
    const child = spawn(program, [verb], { stdio: ['pipe', 'pipe', 'ignore'], env: inheritedOf(environment) });
    let refusal: string | undefined;
    const stop = (why: string): void => {
      refusal = why;
      child.kill('SIGKILL');
      // The helper's own children may live on with the pipe in their hands: closing our end is what ends the wait.
      child.stdout.destroy();
    };
    const timer = setTimeout(
      () => stop(`took longer than ${limits.credentialHelperMs / 1000} s`),
      limits.credentialHelperMs,
    );
    const chunks: Uint8Array[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > limits.credentialHelperBytes) {
        stop(`printed more than ${limits.credentialHelperBytes} bytes`);
      }
    });
    child.on('error', () => stop('cannot be started'));
    child.on('close', (exitStatus, signal) => {
      clearTimeout(timer);
      refusal ??= signal === null ? undefined : `was ended by ${signal}`;
      if (refusal === undefined) {
        resolve({ exitStatus, output: concatBytes(chunks) });
      } else {
        reject(failed(name, refusal));
      }
    });
    // A helper that does not read its input breaks the pipe: its exit status tells.
    child.stdin.on('error', () => undefined);
    child.stdin.end(utf8Of(input));
  });
}

function inheritedOf(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !OUR_SECRETS.includes(name)));
}

function findProgram(name: string, environment: Environment): string {
  if (!NAME.test(name)) {
    throw new ConfigError(
      'CREDENTIAL_HELPER_FAILED',
      `${JSON.stringify(name.slice(0, 80))} is no name of a credential helper: letters, digits, ".", "_" and "-"`,
    );
  }
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const program = folders.map((folder) => path.join(folder, `docker-credential-${name}`)).find(isExecutable);
  if (program === undefined) {
    throw failed(name, 'is not in the PATH');
  }
  return program;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isNotFound(output: Uint8Array): boolean {
  try {
    return parseUtf8(output).trim() === NOT_FOUND;
  } catch {
    return false;
  }
}

function failed(name: string, why: string): ConfigError {
  return new ConfigError('CREDENTIAL_HELPER_FAILED', `the credential helper docker-credential-${name} ${why}`, {
    details: { helper: name },
  });
}
