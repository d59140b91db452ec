import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createStackMetrics } from './stack-metrics.ts';

test('requests, certificates, log sizes and expiries are told in the text format', async () => {
  const metrics = createStackMetrics(
    {
      logSizes: () => ({ rekor: 7n }),
      checkpointAges: () => ({ rekor: 1.5 }),
      expiries: () => ({ 'tuf-timestamp': 60 }),
      isReady: () => true,
    },
    assert.ifError,
  );
  metrics.served({ service: 'ca', endpoint: '/api/v2/signingCert', method: 'POST', status: 200, durationMs: 4 });
  metrics.issued({ issuer: 'https://issuer.test', outcome: 'issued' });
  const text = await metrics.text();
  for (const line of [
    'countersign_log_entries{log="rekor"} 7',
    'countersign_checkpoint_age_seconds{log="rekor"} 1.5',
    'countersign_expiry_seconds{what="tuf-timestamp"} 60',
    'countersign_ready 1',
    'countersign_certificates_total{issuer="https://issuer.test",outcome="issued"} 1',
    'countersign_request_duration_seconds_bucket{le="0.005",service="ca",endpoint="/api/v2/signingCert",method="POST",status="200"} 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
});
