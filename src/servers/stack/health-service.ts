/** What orchestrators, monitors and people ask a stack about itself. */

import { utf8Of } from '../../base/bytes.ts';
import { bytesAnswer, jsonAnswer } from '../../serve/answer.ts';
import type { Service } from '../../serve/service.ts';
import type { Condition } from './stack-condition.ts';
import type { StackMetrics } from './stack-metrics.ts';
import type { StackSettings } from './stack-settings.ts';

export interface HealthFacts {
  readonly settings: StackSettings;
  readonly condition: () => Condition;
  readonly metrics: Pick<StackMetrics, 'text'>;
}

const UNCACHED = { 'Cache-Control': 'no-store' };

/** `/healthz`: the process answers. `/readyz`: it can do its work; 503 with the reasons when not. `/metrics`: Prometheus.
 *  `/`: what is served here. */
export function healthService({ settings, condition, metrics }: HealthFacts): Service {
  return {
    name: 'health',
    endpoints: [
      {
        method: 'GET',
        path: '/healthz',
        handle: () => Promise.resolve(jsonAnswer(200, { status: 'SERVING' }, UNCACHED)),
      },
      {
        method: 'GET',
        path: '/readyz',
        handle: () => {
          const { isReady, problems, warnings } = condition();
          return Promise.resolve(jsonAnswer(isReady ? 200 : 503, { ready: isReady, problems, warnings }, UNCACHED));
        },
      },
      {
        method: 'GET',
        path: '/metrics',
        handle: async () =>
          bytesAnswer(200, 'text/plain; version=0.0.4; charset=utf-8', utf8Of(await metrics.text()), UNCACHED),
      },
      {
        method: 'GET',
        path: '/',
        handle: () => Promise.resolve(bytesAnswer(200, 'text/plain; charset=utf-8', utf8Of(frontPageOf(settings)))),
      },
    ],
    problemOf: ({ entry, code, message }) => jsonAnswer(entry.http, { code, message }),
  };
}

function frontPageOf({ name, mode, url }: StackSettings): string {
  const lines = [
    `${name}: a private Sigstore${mode === 'development' ? ' for DEVELOPMENT: it proves nothing about anybody' : ''}`,
    '',
    `certificates       ${url}/api/v2/signingCert`,
    `transparency log   ${url}/api/v1/log`,
    `certificate log    ${url}/ctlog/ct/v1/get-sth`,
    `timestamps         ${url}/api/v1/timestamp`,
    `trust (TUF)        ${url}/tuf/root.json`,
    ...(mode === 'development' ? [`identities         ${url}/oidc`, `images             ${url}/v2/`] : []),
    `health             ${url}/healthz ${url}/readyz ${url}/metrics`,
    '',
  ];
  return lines.join('\n');
}
