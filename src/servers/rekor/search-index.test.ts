import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  STATEMENT,
  addEntry,
  envelopeOf,
  keyPemOf,
  openRekorLab,
  problemOf,
  proposeDsse,
  proposeHashedRekord,
  proposeIntotoV1,
  rekorNow,
} from '../../../test/support/rekor-lab.ts';
import { createAuthority, issueLeaf } from '../../../test/support/virtual-sigstore/virtual-authority.ts';
import { generalName } from '../../../test/support/virtual-sigstore/virtual-certificate.ts';
import { createVirtualKey, digestOf, pemOf } from '../../../test/support/virtual-sigstore/virtual-key.ts';

const path = '/api/v1/index/retrieve';
const key = createVirtualKey();
const workflow = 'https://github.com/Acme/app/.github/workflows/Build.yml@refs/heads/main';
const authority = createAuthority({
  uri: 'https://ca.example.test',
  organization: 'example',
  purpose: 'codeSigning',
  now: rekorNow,
  keyKind: 'p256',
});
const certificatePem = (name: Buffer): string =>
  Buffer.from(
    pemOf('CERTIFICATE', issueLeaf(authority, { spki: key.spki, at: rekorNow, scts: [], names: [name] })),
  ).toString('base64');
const sha256 = (text: string): string => digestOf('sha256', Buffer.from(text)).toString('hex');

test('entries are found by hash, key, e-mail address and name, by any of them or by all', async (t) => {
  const lab = await openRekorLab(t);
  const byMail = certificatePem(generalName.email('Dev@Example.test'));
  const byWorkflow = certificatePem(generalName.uri(workflow));
  const proposed = [
    proposeHashedRekord('one', key),
    proposeHashedRekord('one', key, byMail),
    proposeHashedRekord('two', key, byMail),
    proposeDsse(envelopeOf(STATEMENT, key), byWorkflow),
    proposeIntotoV1(envelopeOf(STATEMENT, key), keyPemOf(key)),
  ];
  const uuids: string[] = [];
  for (const each of proposed) uuids.push((await addEntry(lab, each))[0]);
  const x509 = (content: string): object => ({ format: 'x509', content });
  const cases: readonly (readonly [object, readonly number[]])[] = [
    [{ hash: `sha256:${sha256('one')}` }, [0, 1]],
    [{ hash: sha256('one').toUpperCase() }, [0, 1]],
    [{ hash: `sha256:${'ab'.repeat(32)}` }, [3, 4]],
    [{ hash: sha256(STATEMENT) }, [3, 4]],
    [{ hash: 'ab'.repeat(20) }, []],
    [{ hash: 'ab'.repeat(64) }, []],
    [{ email: 'dev@example.TEST' }, [1, 2]],
    [{ email: 'dev@example.test', hash: sha256('one') }, [0, 1, 2]],
    [{ email: 'dev@example.test', hash: sha256('one'), operator: 'or' }, [0, 1, 2]],
    [{ email: 'dev@example.test', hash: sha256('one'), operator: 'and' }, [1]],
    [{ email: 'nobody@example.test', hash: sha256('one'), operator: 'and' }, []],
    [{ subject: workflow }, [3]],
    [{ subject: 'https://github.com/acme' }, []],
    [{ publicKey: x509(keyPemOf(key)) }, [0, 4]],
    [{ publicKey: x509(byWorkflow), subject: workflow, operator: 'and' }, [3]],
    [{ publicKey: x509(keyPemOf(createVirtualKey())) }, []],
    [{}, []],
    [{ operator: 'and' }, []],
    [{ email: null, hash: null, publicKey: null, subject: null, operator: null }, []],
  ];
  for (const [query, places] of cases) {
    const answer = await lab.post(path, query);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(
      answer.json(),
      places.map((place) => uuids[place]),
      JSON.stringify(query).slice(0, 200),
    );
  }
});

test('a search that cannot be read says why, and nothing is fetched for it', async (t) => {
  const lab = await openRekorLab(t);
  const content = keyPemOf(key);
  const cases: readonly (readonly [unknown, number, RegExp])[] = [
    [{ hash: 'md5:00' }, 422, /hash/],
    [{ hash: `sha512:${'ab'.repeat(32)}` }, 422, /hash/],
    [{ email: '' }, 422, /1 to 512/],
    [{ subject: 's'.repeat(513) }, 422, /1 to 512/],
    [{ operator: 'xor' }, 422, /"and" or "or"/],
    [{ publicKey: { format: 'pgp', content } }, 422, /"x509"/],
    [{ publicKey: { format: 'x509' } }, 400, /nothing is fetched/],
    [{ publicKey: { format: 'x509', url: 'http://127.0.0.1:1/key' } }, 400, /nothing is fetched/],
    [{ publicKey: { format: 'x509', content, url: 'http://127.0.0.1:1/key' } }, 400, /nothing is fetched/],
    [{ publicKey: { format: 'x509', content: 'AAAA' } }, 400, /PEM/],
    ['{', 400, /JSON/],
    ['1', 422, /expected an object/],
  ];
  for (const [query, status, why] of cases) assert.match(problemOf(await lab.post(path, query), status), why);
});
