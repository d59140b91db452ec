/** A person at the sign-in pages of a development issuer: what a browser sends when they follow the link, or type the code,
 *  that a command printed. */

import assert from 'node:assert/strict';

import { createBrowser, hiddenFieldsOf } from './issuer-lab.ts';
import type { Browser, Seen } from './issuer-lab.ts';

/** Follows a link of the browser flow to its end: the page of the command that waits, or the page that shows a code. */
export async function signInAt(link: string, email: string): Promise<Seen> {
  const browser = createBrowser();
  const page = await follow(browser, link);
  assert.equal(page.status, 200, page.text);
  const sent = await browser.post(page.address, { ...hiddenFieldsOf(page), email });
  assert.equal(sent.status, 303, sent.text);
  return follow(browser, sent.location ?? '');
}

/** Types the code of the device flow at the page for it. */
export async function enterCodeAt(page: string, code: string, email: string): Promise<Seen> {
  const browser = createBrowser();
  const form = await browser.get(page);
  const sent = await browser.post(page, { ...hiddenFieldsOf(form), user_code: code, email });
  assert.equal(sent.status, 200, sent.text);
  return sent;
}

/** As far as the redirects go. */
async function follow(browser: Browser, link: string): Promise<Seen & { readonly address: string }> {
  let address = link;
  for (let hop = 0; hop < 5; hop += 1) {
    const seen = await browser.get(address);
    if (seen.location === undefined) return { ...seen, address };
    address = seen.location;
  }
  return assert.fail(`redirected for ever from ${link}`);
}
