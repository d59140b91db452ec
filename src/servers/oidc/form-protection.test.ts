import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';

import { hasCode } from '../../../test/support/error-code.ts';
import { createFormProtection } from './form-protection.ts';

const issuer = 'http://localhost:8080/oidc';
const path = '/oidc/device';

function requestWith(headers: Readonly<Record<string, string>>): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { headers: { origin: 'http://localhost:8080', ...headers } });
}

/** A page that was shown, and the form that it sends. */
function shown(): {
  readonly cookie: string;
  readonly form: URLSearchParams;
  readonly protection: ReturnType<typeof createFormProtection>;
} {
  const protection = createFormProtection(issuer);
  const response = new ServerResponse(requestWith({}));
  const form = new URLSearchParams(protection.fieldsOf(requestWith({}), response, path));
  const [cookie = ''] = String(response.getHeader('set-cookie')).split(';');
  return { cookie, form, protection };
}

test('the form of a page that was shown to this browser is taken, again and again', () => {
  const { cookie, form, protection } = shown();
  protection.requireOwn(requestWith({ cookie }), path, form);
  protection.requireOwn(requestWith({ cookie: `other=1; ${cookie}; more=2` }), path, form);
  const again = protection.fieldsOf(requestWith({ cookie }), new ServerResponse(requestWith({})), path);
  assert.equal(again['form_token'], form.get('form_token'));
});

test('any other form is refused', () => {
  const { cookie, form, protection } = shown();
  const other = shown();
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string, URLSearchParams])[] = [
    ['another page', { cookie }, '/oidc/sign-in/1', form],
    ['no cookie', {}, path, form],
    ['another cookie', { cookie: other.cookie }, path, form],
    ['another token', { cookie }, path, other.form],
    ['no token', { cookie }, path, new URLSearchParams()],
    ['another origin', { cookie, origin: 'http://localhost:8081' }, path, form],
    ['no origin that is told', { cookie, origin: 'null' }, path, form],
    ['another site', { cookie, 'sec-fetch-site': 'cross-site' }, path, form],
  ];
  for (const [what, headers, target, sent] of cases) {
    const refused = (): void => protection.requireOwn(requestWith(headers), target, sent);
    assert.throws(refused, hasCode('FORM_REFUSED'), what);
  }
  // After a restart the key is another.
  assert.throws(() => other.protection.requireOwn(requestWith({ cookie }), path, form), hasCode('FORM_REFUSED'));
});
