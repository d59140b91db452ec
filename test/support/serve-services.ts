/** Services of ours behind the real router, on a free port of loopback. */

import type { TestContext } from 'node:test';

import { registryRequest } from './registry-request.ts';
import type { RegistryAnswer, RegistryContent } from './registry-request.ts';
import { openRouter } from '../../src/serve/router.ts';
import { sendEmpty } from '../../src/serve/exchange.ts';
import { startServer } from '../../src/serve/server.ts';
import type { Service } from '../../src/serve/service.ts';

export interface ServedServices {
  readonly url: string;
  readonly ask: (method: string, path: string, content?: RegistryContent) => Promise<RegistryAnswer>;
}

/** Stops when the test ends. What no service answers is a 404 without a body. */
export async function serveServices(t: TestContext, services: readonly Service[]): Promise<ServedServices> {
  const router = openRouter(services, () => undefined);
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    handle: async (request, response) => {
      if (!(await router(request, response))) sendEmpty(response, 404, {});
    },
    answerError: (_error, _request, response) => sendEmpty(response, 500, {}),
  });
  t.after(() => server.close());
  return {
    url: server.url,
    ask: (method, path, content) => registryRequest({ host: server.host, scheme: 'http' }, method, path, content),
  };
}
