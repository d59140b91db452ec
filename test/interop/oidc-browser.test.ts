/** The development issuer's pages in a real browser: what a person sees and does, and what the browser itself enforces. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';

import { authorizationOf, verifier } from '../support/issuer-client.ts';
import { openIssuerLab } from '../support/issuer-lab.ts';
import { requirePeer, requirePeerPath } from '../support/peers.ts';

/** A page of a browser that reaches nothing but this machine; what it complains of is collected. */
async function openPage(t: TestContext): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> {
  const browser = await chromium.launch({
    executablePath: requirePeerPath('chromium'),
    args: ['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    timeout: 30_000,
  });
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  return { page, complaints };
}

/** What a client runs to get the answer: every request's address. */
async function openClient(
  t: TestContext,
  html = 'Thank you.',
): Promise<{ readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'Content-Type': 'text/html' });
    response.end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, asked };
}

async function tokenOf(
  issuer: string,
  form: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const body = new URLSearchParams({ client_id: 'sigstore', ...form });
  return (await (await fetch(`${issuer}/token`, { method: 'POST', body })).json()) as Readonly<Record<string, string>>;
}

function emailOf(token: string | undefined): unknown {
  const claims = Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString();
  return (JSON.parse(claims) as Readonly<Record<string, unknown>>)['email'];
}

test('a person signs in with the keyboard alone, and the client hears of it', async (t) => {
  if (!requirePeer(t, 'chromium')) return;
  const lab = await openIssuerLab(t);
  const client = await openClient(t);
  const { page, complaints } = await openPage(t);
  const redirect = `${client.url}/auth/callback`;
  await page.goto(authorizationOf(lab, { redirect_uri: redirect }));
  assert.match((await page.locator('.banner').textContent()) ?? '', /DEVELOPMENT/);
  assert.equal(await page.evaluate('document.activeElement.labels[0].textContent'), 'E-mail address to sign as');
  await page.keyboard.type('dev@example.com');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${client.url}/**`);
  const answer = new URL(page.url()).searchParams;
  assert.equal(answer.get('state'), 'the-state');
  const { id_token: token } = await tokenOf(lab.url, {
    grant_type: 'authorization_code',
    code: answer.get('code') ?? '',
    code_verifier: verifier,
    redirect_uri: redirect,
  });
  assert.equal(emailOf(token), 'dev@example.com');
  assert.deepEqual(complaints, []);
  assert.deepEqual(lab.warnings, []);
});

test('what is no address for us, though one for the browser, is told in the page', async (t) => {
  if (!requirePeer(t, 'chromium')) return;
  const lab = await openIssuerLab(t);
  const client = await openClient(t);
  const { page, complaints } = await openPage(t);
  await page.goto(authorizationOf(lab, { redirect_uri: client.url }));
  await page.getByLabel('E-mail address').fill("o'neill@example.com");
  await page.getByRole('button').click();
  assert.equal(await page.getByRole('alert').textContent(), 'This is not an e-mail address.');
  assert.equal(await page.getByLabel('E-mail address').inputValue(), "o'neill@example.com");
  await page.getByLabel('E-mail address').fill('oneill@example.com');
  await page.getByRole('button').click();
  await page.waitForURL(`${client.url}/**`);
  // The browser itself says so when an answer is no success; nothing else may be heard.
  assert.deepEqual(
    complaints.filter((text) => !/status of 400/.test(text)),
    [],
  );
});

test('a device is approved on its page', async (t) => {
  if (!requirePeer(t, 'chromium')) return;
  const lab = await openIssuerLab(t);
  const { page, complaints } = await openPage(t);
  const body = new URLSearchParams({ client_id: 'sigstore', scope: 'openid email' });
  const device = (await (await fetch(`${lab.url}/device/auth`, { method: 'POST', body })).json()) as {
    readonly device_code: string;
    readonly verification_uri_complete: string;
  };
  await page.goto(device.verification_uri_complete);
  await page.getByLabel('E-mail address').fill('dev@example.com');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Signed in' }).waitFor();
  const grant = 'urn:ietf:params:oauth:grant-type:device_code';
  const { id_token: token } = await tokenOf(lab.url, { grant_type: grant, device_code: device.device_code });
  assert.equal(emailOf(token), 'dev@example.com');
  assert.deepEqual(complaints, []);
});

test("a page of somebody else's can neither sign anybody in, nor read, nor frame the page", async (t) => {
  if (!requirePeer(t, 'chromium')) return;
  const lab = await openIssuerLab(t);
  const client = await openClient(t);
  const redirect = `${client.url}/auth/callback`;
  // Of another host name, as a page of the web is; both run on this machine.
  const attacker = await openClient(
    t,
    `<iframe src="${authorizationOf(lab, { redirect_uri: redirect }).replaceAll('&', '&amp;')}"></iframe>
     <form method="post" action="${lab.url}/device"><input name="email" value="victim@example.com"><button>x</button></form>`,
  );
  const { page } = await openPage(t);
  await page.goto(attacker.url.replace('localhost', '127.0.0.1'));
  await page.waitForLoadState('networkidle');
  assert.equal(page.frames()[1]?.url(), 'chrome-error://chromewebdata/');
  const read = `fetch('${lab.url}/.well-known/openid-configuration').then(() => 'read', () => 'refused')`;
  assert.equal(await page.evaluate(read), 'refused');
  const post = `fetch('${lab.url}/device', { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'email=x' })`;
  await page.evaluate(`${post}.catch(() => undefined)`);
  const answered = page.waitForResponse(`${lab.url}/device`);
  await page.getByRole('button').click();
  assert.equal((await answered).status(), 403);
  assert.deepEqual(client.asked, []);
});
