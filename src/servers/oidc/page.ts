/** The issuer's few pages: one look, no scripts, nothing from elsewhere. Every text that comes from outside is escaped. */

import { createHash } from 'node:crypto';

import { printableOf } from '../../base/printable.ts';

export interface Page {
  readonly status: number;
  readonly html: string;
  /** Where its form may lead: browsers hold the redirects after it to this too. */
  readonly formTarget?: string | undefined;
}

/** Hidden fields of a form by name. */
export type HiddenFields = Readonly<Record<string, string>>;

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #f6f7f9; --card: #fff; --line: #8a929d; --accent: #0b57d0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --paper: #14171b; --card: #1e2227; --line: #7d8590; --accent: #8ab4f8 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
.banner { margin: 0; padding: .6rem 1rem; background: #8a4b00; color: #fff; text-align: center }
main { max-width: 26rem; margin: 10vh auto 2rem; padding: 2rem; background: var(--card); border-radius: .8rem }
h1 { margin: 0 0 1rem; font-size: 1.5rem }
label { display: block; margin: 1rem 0 .3rem; font-weight: 600 }
input { width: 100%; padding: .6rem; border: 1px solid var(--line); border-radius: .4rem; font: inherit }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; border: 0; border-radius: .4rem; font: inherit; font-weight: 600;
  background: var(--accent); color: var(--card); cursor: pointer }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
code { display: block; padding: .8rem; border: 1px dashed var(--line); border-radius: .4rem; overflow-wrap: anywhere;
  user-select: all }
.error { padding: .6rem; border-left: 4px solid #c5221f }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The Content-Security-Policy of a page. */
export function policyOf({ formTarget }: Pick<Page, 'formTarget'>): string {
  const targets = formTarget === undefined ? "'self'" : `'self' ${formTarget}`;
  return `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${targets}; frame-ancestors 'none'; base-uri 'none'`;
}

/** Asks who signs in; `error` tells why the form comes back. */
export function signInPage(redirect: string, fields: HiddenFields, email: string, error: string | undefined): Page {
  const target = URL.parse(redirect);
  const isWeb = target !== null && target.protocol === 'http:';
  const whereTo = isWeb ? `You are then sent back to ${target.origin}.` : 'You are then shown a code.';
  return {
    ...pageOf('Sign in', `${paragraph(whereTo)}${formOf(fields, emailField(email, error, true), 'Sign in')}`, error),
    ...(isWeb ? { formTarget: target.origin } : {}),
  };
}

/** Asks for the code that a device shows, and who signs in on it. */
export function devicePage(fields: HiddenFields, userCode: string, email: string, error: string | undefined): Page {
  const about =
    'A program that you started shows a code. Go on only when it is yours: whoever started it will sign as you.';
  const codeField =
    '<label for="user_code">Code</label>' +
    `<input id="user_code" name="user_code" value="${escaped(userCode)}" required autocomplete="off" maxlength="20"` +
    `${userCode === '' ? ' autofocus' : ''}>`;
  const content = `${paragraph(about)}${formOf(fields, codeField + emailField(email, error, userCode !== ''), 'Sign in')}`;
  return pageOf('Sign in on a device', content, error);
}

/** Shows the code of a sign-in whose client runs elsewhere. */
export function codePage(code: string): Page {
  return pageOf(
    'Your code',
    `${paragraph('Copy this into the program that asked for it:')}<code>${escaped(code)}</code>`,
  );
}

export function donePage(email: string): Page {
  return pageOf('Signed in', paragraph(`The program goes on as ${email}. You may close this page.`));
}

export function errorPage(reason: string, status = 400): Page {
  return { ...pageOf('This did not work', '', reason), status };
}

function pageOf(title: string, content: string, error?: string): Page {
  const alert = error === undefined ? '' : `<p class="error" role="alert" id="error">${escaped(error)}</p>`;
  return {
    status: error === undefined ? 200 : 400,
    html: `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · DEVELOPMENT</title>
<style>${STYLE}</style>
</head>
<body>
<p class="banner"><strong>DEVELOPMENT</strong> · nobody is checked here: anyone on this machine can sign in as anyone</p>
<main>
<h1>${title}</h1>
${alert}
${content}
</main>
</body>
</html>
`,
  };
}

function formOf(fields: HiddenFields, inputs: string, button: string): string {
  const hidden = Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`)
    .join('');
  return `<form method="post">${hidden}${inputs}<button>${button}</button></form>`;
}

function emailField(email: string, error: string | undefined, hasFocus: boolean): string {
  return (
    '<label for="email">E-mail address to sign as</label>' +
    `<input id="email" name="email" type="email" value="${escaped(email)}" required maxlength="254" autocomplete="email"` +
    `${error === undefined ? '' : ' aria-describedby="error"'}${hasFocus ? ' autofocus' : ''}>`
  );
}

function paragraph(text: string): string {
  return `<p>${escaped(text)}</p>`;
}

function escaped(text: string): string {
  return printableOf(text).replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
