/** Every bundle through our verifier and three others. The result is docs/differential.md: this test fails when the page is
 *  out of step (COUNTERSIGN_UPDATE=1 rewrites it), on a difference that nobody explained, and on an explanation of what is no
 *  difference. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { verifierNames, verifiers } from '../support/oracles.ts';
import type { Answer } from '../support/oracles-sigstore-python.ts';
import type { VerifierName } from '../support/oracles.ts';
import { peer, requirePeer } from '../support/peers.ts';
import { recordedExpectations } from '../support/public-suite-cases.ts';
import { requirePublicSuite } from '../support/public-suite.ts';
import { differentialCases } from './differential-cases.ts';
import { explanations } from './differential-explanations.ts';
import type { Explanation } from './differential-explanations.ts';

type Answers = Readonly<Record<VerifierName, Answer>>;
type Row = { readonly name: string; readonly answers: Answers };

/** What one verifier says about one case, where it says anything. */
interface Cell {
  readonly verifier: VerifierName;
  readonly name: string;
  readonly verdict: 'accepts' | 'rejects';
  readonly ours: string;
  readonly theirs: string;
  readonly isDifferent: boolean;
}

const others = verifierNames.filter((name) => name !== 'countersign');
const pageFile = join(import.meta.dirname, '..', '..', 'docs', 'differential.md');

test('four verifiers agree, or the page says why not', { timeout: 300_000 }, async (t) => {
  if (!requirePublicSuite(t, 'sigstore-conformance')) return;
  if (!requirePeer(t, 'cosign-3', 'sigstore-python')) return;
  const rows = await allRows();
  const cells = rows.flatMap(cellsOf);
  // 1. Each difference has one explanation.
  const differences = cells.filter(({ isDifferent }) => isDifferent);
  const badlyExplained = differences.filter((cell) => explanationsOf(cell).length !== 1);
  assert.deepEqual(badlyExplained, [], 'differences without one explanation');
  // 2. Each explanation is about differences, and about nothing else.
  const agreeing = cells.filter((cell) => !cell.isDifferent && explanations.some((each) => isAbout(each, cell)));
  assert.deepEqual(agreeing, [], 'explained, and no difference');
  const idle = explanations.flatMap((each) => each.verifiers.filter((verifier) => isIdle(each, verifier, differences)));
  assert.deepEqual(idle, [], 'verifiers of explanations that no difference uses');
  // 3. The page is about the cases that the suite's record names; the whole suite has more.
  if (recordedExpectations() === undefined) return;
  const page = pageOf(rows);
  if (process.env['COUNTERSIGN_UPDATE'] === '1') writeFileSync(pageFile, page);
  assert.equal(
    withoutVersions(readFileSync(pageFile, 'utf8')),
    withoutVersions(page),
    'docs/differential.md is out of step: run with COUNTERSIGN_UPDATE=1',
  );
});

async function allRows(): Promise<readonly Row[]> {
  const cases = differentialCases();
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length, 'each case has its own name');
  const answers = new Map<VerifierName, readonly Answer[]>();
  for (const name of verifierNames) answers.set(name, await verifiers[name](cases));
  const answerOf = (verifier: VerifierName, index: number): Answer => {
    const answer = answers.get(verifier)?.[index];
    assert.ok(answer !== undefined, `${verifier} answers every question`);
    return answer;
  };
  return cases.map(({ name }, index) => ({
    name,
    answers: {
      countersign: answerOf('countersign', index),
      'sigstore-js': answerOf('sigstore-js', index),
      'cosign-3': answerOf('cosign-3', index),
      'sigstore-python': answerOf('sigstore-python', index),
    },
  }));
}

function cellsOf({ name, answers }: Row): readonly Cell[] {
  const ours = answers.countersign;
  return others.flatMap((verifier) => {
    const { verdict, words } = answers[verifier];
    if (verdict === 'cannot') return [];
    return [{ verifier, name, verdict, ours: ours.words, theirs: words, isDifferent: verdict !== ours.verdict }];
  });
}

function explanationsOf(cell: Cell): readonly Explanation[] {
  return explanations.filter((each) => each.verdict === cell.verdict && isAbout(each, cell));
}

function isAbout({ verifiers: whose, about }: Explanation, { verifier, name }: Cell): boolean {
  return whose.includes(verifier) && about.test(name);
}

function isIdle(each: Explanation, verifier: VerifierName, differences: readonly Cell[]): boolean {
  return !differences.some((cell) => cell.verifier === verifier && isAbout(each, cell));
}

/** A peer's next release changes the page only where it changes an answer. */
function withoutVersions(page: string): string {
  return page.replaceAll(/^(- \S+) .*$/gm, '$1');
}

function pageOf(rows: readonly Row[]): string {
  const notes = explanations.map(({ verifiers: whose, why }, index) => `${index + 1}. ${whose.join(', ')}: ${why}.`);
  return `${[
    '# Where other verifiers answer otherwise',
    '',
    'Generated from real runs by `test/conformance/differential.test.ts` (`COUNTERSIGN_UPDATE=1` rewrites it). Every bundle goes',
    'through four verifiers with the same trusted root and the same signer: the public suite (`public`), what cosign made by key',
    '(`cosign`), what a Sigstore of our own makes rightly (`good`), in other spellings (`spelling`), and wrongly (the rest).',
    'The number is the note below; "–" marks what a verifier has no way to be asked.',
    '',
    ...versionLines(),
    '',
    `| case | ${verifierNames.join(' | ')} |`,
    `|---|${verifierNames.map(() => '---').join('|')}|`,
    ...rows.map(lineOf),
    '',
    '## Notes',
    '',
    ...notes,
  ].join('\n')}\n`;
}

function versionLines(): readonly string[] {
  const { version } = createRequire(import.meta.url)('@sigstore/verify/package.json') as { readonly version: string };
  const peers = [peer('cosign-3'), peer('sigstore-python')];
  return [
    `- sigstore-js ${version} (the package @sigstore/verify)`,
    ...peers.map((each) => `- ${each.name} ${'version' in each ? each.version : 'missing'}`),
  ];
}

function lineOf(row: Row): string {
  const cells = new Map(cellsOf(row).map((cell) => [cell.verifier, cell]));
  const texts = others.map((verifier) => {
    const cell = cells.get(verifier);
    if (cell === undefined) return '–';
    const numbers = cell.isDifferent ? explanationsOf(cell).map((each) => explanations.indexOf(each) + 1) : [];
    return numbers.length === 0 ? cell.verdict : `**${cell.verdict}** (${numbers.join(', ')})`;
  });
  return `| ${row.name} | ${[row.answers.countersign.verdict, ...texts].join(' | ')} |`;
}
