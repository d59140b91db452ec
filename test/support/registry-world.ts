/** Our registry client against scripted servers that stand for hosts of the wide world. */
import type { TestContext } from 'node:test';

import type { HttpRequest, Runtime } from '../../src/base/runtime.ts';
import type { Credentials } from '../../src/clients/credentials/credentials.ts';
import { openRegistryClient } from '../../src/clients/registry/open-registry-client.ts';
import type { RegistryClient } from '../../src/clients/registry/registry-client.ts';
import type { RegistrySettings } from '../../src/clients/registry/settings.ts';
import { startScriptedServer } from './scripted-server.ts';
import type { Script, ScriptedServer } from './scripted-server.ts';
import { createTestRuntime } from './test-runtime.ts';
import type { TestRuntime } from './test-runtime.ts';

export interface World {
  readonly client: RegistryClient;
  readonly runtime: TestRuntime;
  readonly settings: RegistrySettings;
  /** What each host was asked. */
  readonly hosts: Readonly<Record<string, ScriptedServer>>;
}

export interface WorldParts {
  /** Host name to script: every https and http request to it goes to that server. */
  readonly scripts: Readonly<Record<string, Script>>;
  readonly credentials?: Credentials;
  readonly settings?: Partial<RegistrySettings>;
  readonly runtime?: Partial<Runtime>;
}

export const someone: Credentials = { kind: 'password', username: 'someone', password: 'hunter2', foundIn: 'a test' };

/** Only the way to the hosts is bent (name and TLS); requests and answers are real. */
export async function createWorld(t: TestContext, parts: WorldParts): Promise<World> {
  const entries = Object.entries(parts.scripts).map(
    async ([name, script]) => [name, await startScriptedServer(t, script)] as const,
  );
  const hosts = Object.fromEntries(await Promise.all(entries));
  const direct = createTestRuntime(t).request;
  const request = (asked: HttpRequest): ReturnType<typeof direct> => {
    const server = hosts[asked.url.hostname];
    const url =
      server === undefined ? asked.url : new URL(`http://${server.host}${asked.url.pathname}${asked.url.search}`);
    return direct({ ...asked, url });
  };
  const runtime = createTestRuntime(t, { request, ...parts.runtime });
  const settings: RegistrySettings = {
    credentials: { credentialsFor: async () => parts.credentials },
    userAgent: 'countersign/test',
    idleTimeoutMs: 2000,
    ...parts.settings,
  };
  return { client: openRegistryClient(settings, runtime), runtime, settings, hosts };
}
