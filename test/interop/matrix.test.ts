/** Who signs × who verifies × registry × key type, run with the real programs. The result is docs/interop.md: this test
 *  fails when the page is out of step (COUNTERSIGN_UPDATE=1 rewrites it) and when a cell has no explanation. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { mapPool } from '../../src/base/pool.ts';
import { buildImage, pushImage } from '../support/image.ts';
import { peer, requirePeer } from '../support/peers.ts';
import type { PeerName } from '../support/peers.ts';
import { registryPeers, startRegistry } from '../support/registries.ts';
import type { RegistryKind, TestRegistry } from '../support/registries.ts';
import { createScratchFolder } from '../support/scratch.ts';
import type { ImagePlace } from '../support/stock-clients.ts';
import { explanations } from './matrix-explanations.ts';
import type { Explanation } from './matrix-explanations.ts';
import { createMatrixKeys, keyTypes } from './matrix-keys.ts';
import type { MatrixKey } from './matrix-keys.ts';
import { programNames, programs } from './matrix-programs.ts';
import type { ProgramName } from './matrix-programs.ts';

interface Cell {
  readonly registry: RegistryKind;
  readonly signer: ProgramName;
  readonly verifier: ProgramName;
  readonly keyType: string;
  readonly outcome: 'yes' | 'with flags' | 'no';
  readonly explanation?: Explanation;
  readonly words?: string;
}

const registryKinds: readonly RegistryKind[] = ['docker', 'docker-locked', 'olareg'];
const peers: readonly PeerName[] = ['cosign-2', 'cosign-3', 'skopeo', 'docker-registry', 'olareg'];
const pageFile = join(import.meta.dirname, '..', '..', 'docs', 'interop.md');
const used = new Set<Explanation>();
let keys: readonly MatrixKey[];

before(async () => {
  keys = await createMatrixKeys(createScratchFolder('matrix-keys'));
});

test('every program reads what the others sign, or the page says why not', { timeout: 600_000 }, async (t) => {
  if (!requirePeer(t, ...peers)) return;
  const cells = (await mapPool(registryKinds, 3, cellsOfRegistry)).flat();
  const unexplained = cells.filter(({ outcome, explanation }) => outcome !== 'yes' && explanation === undefined);
  assert.deepEqual(unexplained, []);
  assert.deepEqual(
    explanations.filter((each) => !used.has(each)),
    [],
    'explanations that no cell uses',
  );
  const page = pageOf(cells);
  if (process.env['COUNTERSIGN_UPDATE'] === '1') writeFileSync(pageFile, page);
  const written = readFileSync(pageFile, 'utf8');
  assert.equal(
    withoutVersions(written),
    withoutVersions(page),
    'docs/interop.md is out of step: run with COUNTERSIGN_UPDATE=1',
  );
});

async function cellsOfRegistry(kind: RegistryKind): Promise<Cell[]> {
  const registry = await startRegistry(kind);
  try {
    const pairs = programNames.flatMap((signer) => keys.map((key) => ({ signer, key })));
    return (await mapPool(pairs, 2, ({ signer, key }) => cellsOfSignature(kind, registry, signer, key))).flat();
  } finally {
    await registry.close();
  }
}

async function cellsOfSignature(
  kind: RegistryKind,
  registry: TestRegistry,
  signer: ProgramName,
  key: MatrixKey,
): Promise<Cell[]> {
  const repository = `matrix/${signer}-${key.name}`;
  const digest = await pushImage(registry, repository, 'v1', buildImage(`${signer} ${key.type}`));
  const image = { registry, repository, digest };
  const signed = await programs[signer].sign(image, key);
  assert.equal(signed.status, 0, `${signer} could not sign on ${kind} with ${key.type}: ${signed.stderr}`);
  return mapPool(programNames, 1, (verifier) =>
    cellOf({ registry: kind, signer, verifier, keyType: key.type }, image, key, registry.hasReferrers),
  );
}

async function cellOf(
  place: Omit<Cell, 'outcome'>,
  image: ImagePlace,
  key: MatrixKey,
  hasReferrers: boolean,
): Promise<Cell> {
  const { verify } = programs[place.verifier];
  const plain = await verify(image, key.publicFile);
  if (plain.status === 0) return { ...place, outcome: 'yes' };
  const explanation = explanations.find((each) => isAbout(each, place, hasReferrers));
  if (explanation === undefined)
    return { ...place, outcome: 'no', words: plain.stderr.trim().split('\n').at(-1) ?? '' };
  used.add(explanation);
  if (explanation.flags === undefined) return { ...place, outcome: 'no', explanation };
  const helped = await verify(image, key.publicFile, explanation.flags);
  assert.equal(
    helped.status,
    0,
    `${explanation.flags.join(' ')} did not help ${JSON.stringify(place)}: ${helped.stderr}`,
  );
  return { ...place, outcome: 'with flags', explanation };
}

function isAbout(each: Explanation, cell: Omit<Cell, 'outcome'>, hasReferrers: boolean): boolean {
  return (
    each.verifiers.includes(cell.verifier) &&
    (each.signers ?? programNames).includes(cell.signer) &&
    (each.keyTypes ?? keyTypes).includes(cell.keyType) &&
    (each.hasReferrers ?? hasReferrers) === hasReferrers
  );
}

/** A peer's next release changes the page only where it changes an answer. */
function withoutVersions(page: string): string {
  return page.replaceAll(/^(- \S+) .*$/gm, '$1');
}

function pageOf(cells: readonly Cell[]): string {
  const notes: Explanation[] = explanations.filter((each) => used.has(each));
  const lines = [
    '# Who reads whose signatures',
    '',
    'Generated from real runs by `test/interop/matrix.test.ts` (`COUNTERSIGN_UPDATE=1` rewrites it). Each cell: an image signed',
    'by the program on the left is verified by the program above, with the key, without a transparency log.',
    '"peer cannot" marks a program that fails on its own signature.',
    '',
    ...peers.map((name) => peer(name)).map((each) => `- ${each.name} ${'version' in each ? each.version : 'missing'}`),
  ];
  for (const registry of registryKinds) {
    lines.push('', `## Registry: ${registry} (${registryPeers[registry]})`, '');
    lines.push(
      `| signed by | key | ${programNames.join(' | ')} |`,
      `|---|---|${programNames.map(() => '---').join('|')}|`,
    );
    for (const signer of programNames) {
      for (const keyType of keyTypes) {
        const row = programNames.map((verifier) =>
          textOf(
            cells.find(
              (cell) =>
                cell.registry === registry &&
                cell.signer === signer &&
                cell.verifier === verifier &&
                cell.keyType === keyType,
            ),
            notes,
          ),
        );
        lines.push(`| ${signer} | ${keyType} | ${row.join(' | ')} |`);
      }
    }
  }
  lines.push(
    '',
    '## Notes',
    '',
    ...notes.map((each, index) => `${index + 1}. ${each.verifiers.join(', ')}: ${each.why}.`),
  );
  return `${lines.join('\n')}\n`;
}

function textOf(cell: Cell | undefined, notes: readonly Explanation[]): string {
  if (cell?.explanation === undefined) return cell?.outcome ?? 'not run';
  const who = cell.signer === cell.verifier ? 'peer cannot' : 'no';
  const answer = cell.outcome === 'with flags' ? `${who}; with \`${cell.explanation.flags?.join(' ')}\`: yes` : who;
  return `${answer} (${notes.indexOf(cell.explanation) + 1})`;
}
