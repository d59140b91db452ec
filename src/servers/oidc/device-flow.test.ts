import assert from 'node:assert/strict';
import { test } from 'node:test';

import { claimsOf, postTo } from '../../../test/support/issuer-client.ts';
import type { TokenAnswer } from '../../../test/support/issuer-client.ts';
import { createBrowser, hiddenFieldsOf, openIssuerLab } from '../../../test/support/issuer-lab.ts';
import type { IssuerLab, Seen } from '../../../test/support/issuer-lab.ts';
import { limits } from '../../base/limits.ts';

async function startDevice(lab: IssuerLab): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await postTo(`${lab.url}/device/auth`, { client_id: 'sigstore', scope: 'openid email' });
  assert.equal(status, 200);
  return body;
}

const poll = (lab: IssuerLab, deviceCode: unknown): Promise<TokenAnswer> =>
  postTo(`${lab.url}/token`, {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: 'sigstore',
    device_code: String(deviceCode),
  });

async function approve(lab: IssuerLab, userCode: string, email: string): Promise<Seen> {
  const browser = createBrowser();
  const address = `${lab.url}/device`;
  const page = await browser.get(address);
  return browser.post(address, { ...hiddenFieldsOf(page), user_code: userCode, email });
}

test('a device waits until somebody enters its code', async (t) => {
  const lab = await openIssuerLab(t);
  const device = await startDevice(lab);
  assert.equal(device['verification_uri'], `${lab.url}/device`);
  assert.equal(device['interval'], 2);
  const pending = await poll(lab, device['device_code']);
  assert.deepEqual([pending.status, pending.body['error']], [400, 'authorization_pending']);
  const hasty = await poll(lab, device['device_code']);
  assert.deepEqual([hasty.status, hasty.body['error']], [400, 'slow_down']);
  lab.pass(2_000);
  // The page shows the code that its address brings, and does nothing by itself.
  const complete = await createBrowser().get(String(device['verification_uri_complete']));
  assert.ok(complete.text.includes(`value="${String(device['user_code'])}"`));
  assert.equal((await poll(lab, device['device_code'])).body['error'], 'authorization_pending');
  const done = await approve(lab, String(device['user_code']).toLowerCase().replace('-', ' '), 'dev@example.com');
  assert.deepEqual([done.status, /dev@example\.com/.test(done.text)], [200, true]);
  lab.pass(2_000);
  const { status, body } = await poll(lab, device['device_code']);
  assert.equal(status, 200);
  assert.equal(body['access_token'], body['id_token']);
  const claims = await claimsOf(lab, body['id_token']);
  assert.deepEqual([claims['email'], claims['aud'], claims['nonce']], ['dev@example.com', 'sigstore', undefined]);
  lab.pass(2_000);
  assert.equal((await poll(lab, device['device_code'])).body['error'], 'invalid_grant');
  assert.equal((await approve(lab, String(device['user_code']), 'other@example.com')).status, 400);
});

test('a device is approved only by the form of the page', async (t) => {
  const lab = await openIssuerLab(t);
  const device = await startDevice(lab);
  const browser = createBrowser();
  const page = await browser.get(`${lab.url}/device`);
  const form = { ...hiddenFieldsOf(page), user_code: String(device['user_code']), email: 'victim@example.com' };
  await browser.get(`${lab.url}/device?${new URLSearchParams(form).toString()}`);
  const foreign = await browser.post(`${lab.url}/device`, form, { origin: 'https://attacker.example' });
  const stranger = await createBrowser().post(`${lab.url}/device`, form);
  const unsigned = await browser.post(`${lab.url}/device`, { ...form, form_token: '' });
  assert.deepEqual([foreign.status, stranger.status, unsigned.status], [403, 403, 403]);
  assert.equal((await poll(lab, device['device_code'])).body['error'], 'authorization_pending');
});

test('the address at which devices ask for codes answers no page', async (t) => {
  const lab = await openIssuerLab(t);
  const { status, headers } = await createBrowser().get(`${lab.url}/device/auth`);
  assert.equal(status, 405);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.deepEqual(lab.warnings, []);
});

test('guessing device codes ends after a few', async (t) => {
  const lab = await openIssuerLab(t);
  const device = await startDevice(lab);
  for (let guess = 0; guess < limits.issuerGuesses; guess += 1) {
    assert.equal((await approve(lab, 'BBBB-BBBB', 'dev@example.com')).status, 400);
  }
  const right = await approve(lab, String(device['user_code']), 'dev@example.com');
  assert.deepEqual([right.status, /Too many wrong codes/.test(right.text)], [400, true]);
  lab.pass(601_000);
  const later = await approve(lab, String(device['user_code']), 'dev@example.com');
  assert.equal(later.status, 200);
});
