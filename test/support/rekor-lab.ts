/** A log of Rekor v1 of ours, in memory, behind the real router. */

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { createMemoryIndex } from './memory-index.ts';
import { createMemoryStore } from './memory-store.ts';
import { serveServices } from './serve-services.ts';
import { createVirtualKey, digestOf, pemOf, signBytes } from './virtual-sigstore/virtual-key.ts';
import type { VirtualKey } from './virtual-sigstore/virtual-key.ts';
import { createKeyPair } from '../../src/crypto/private-key.ts';
import { signerOf } from '../../src/crypto/signer.ts';
import { rekorLogKind } from '../../src/servers/rekor/rekor-log.ts';
import { rekorServiceOf } from '../../src/servers/rekor/rekor-service.ts';
import type { EntryEvent, Rekor } from '../../src/servers/rekor/rekor.ts';
import { openTileLog } from '../../src/servers/tiles/open-tile-log.ts';
import type { TileLog } from '../../src/servers/tiles/tile-log.ts';

export interface RekorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  readonly json: () => unknown;
}

export interface RekorLab {
  readonly rekor: Rekor;
  readonly events: readonly EntryEvent[];
  readonly get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<RekorAnswer>;
  /** A text is sent as it is, everything else as JSON. */
  readonly post: (path: string, value: unknown) => Promise<RekorAnswer>;
}

export interface RekorLabOptions {
  readonly now?: () => Date;
  /** What the service is given instead of the log. */
  readonly log?: (log: TileLog) => TileLog;
}

export const rekorHost = 'rekor.example.test';
export const rekorTreeId = 1193050959916656506n;
export const rekorNow: Date = new Date('2026-03-01T12:00:00.789Z');
export const STATEMENT: string = JSON.stringify({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'app', digest: { sha256: 'ab'.repeat(32) } }],
  predicateType: 'https://example.test/v1',
  predicate: {},
});
export const entriesPath = '/api/v1/log/entries';

export async function openRekorLab(t: TestContext, options: RekorLabOptions = {}): Promise<RekorLab> {
  const signer = signerOf(createKeyPair('ecdsa-p256'));
  const objects = createMemoryStore();
  const kind = rekorLogKind({ signer, hostName: rekorHost, treeId: rekorTreeId });
  const now = options.now ?? ((): Date => rekorNow);
  const log = await openTileLog({ kind, objects, index: createMemoryIndex(), now, gatherMs: 0 });
  const events: EntryEvent[] = [];
  const rekor: Rekor = {
    log: options.log?.(log) ?? log,
    objects,
    signer,
    treeId: rekorTreeId,
    onEntry: (event) => events.push(event),
  };
  const served = await serveServices(t, [rekorServiceOf(rekor)]);
  const ask = async (...asked: Parameters<typeof served.ask>): Promise<RekorAnswer> => {
    const { status, headers, body } = await served.ask(...asked);
    const text = body.toString('utf8');
    return { status, headers, text, json: () => JSON.parse(text) as unknown };
  };
  return {
    rekor,
    events,
    get: (path, headers = {}) => ask('GET', path, { headers }),
    post: (path, value) => ask('POST', path, { body: typeof value === 'string' ? value : JSON.stringify(value) }),
  };
}

export interface EntryJson {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly attestation?: { readonly data: string };
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly checkpoint: string;
      readonly hashes: readonly string[];
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
    };
  };
}

/** The one entry of an answer, with its name. */
export function entryOf(value: unknown): readonly [string, EntryJson] {
  const [only, ...more] = Object.entries(value as Record<string, EntryJson>);
  assert.ok(only !== undefined && more.length === 0, 'one entry');
  return only;
}

/** Adds an entry that must be taken, and returns its name and itself. */
export async function addEntry(lab: RekorLab, proposed: unknown): Promise<readonly [string, EntryJson]> {
  const answer = await lab.post(entriesPath, proposed);
  assert.equal(answer.status, 201, answer.text);
  return entryOf(answer.json());
}

/** What an answer with this status says went wrong. */
export function problemOf(answer: RekorAnswer, status: number): string {
  assert.equal(answer.status, status, answer.text);
  const { code, message } = answer.json() as { code: number; message: string };
  assert.equal(code, status);
  return message;
}

/** A proposed entry, as a value: tests change it as they like. */
export interface ProposedJson {
  kind: string;
  apiVersion: string;
  spec: unknown;
}

export function keyPemOf(key: VirtualKey): string {
  return base64(pemOf('PUBLIC KEY', key.spki));
}

/** Signed by a new key over the text; `signer` is base64 of PEM. */
export function proposeHashedRekord(text: string, key: VirtualKey = createVirtualKey(), signer?: string): ProposedJson {
  const message = Buffer.from(text);
  return {
    kind: 'hashedrekord',
    apiVersion: '0.0.1',
    spec: {
      data: { hash: { algorithm: 'sha256', value: digestOf('sha256', message).toString('hex') } },
      signature: {
        content: signBytes(key, message).toString('base64'),
        publicKey: { content: signer ?? keyPemOf(key) },
      },
    },
  };
}

const payloadType = 'application/vnd.in-toto+json';

/** An envelope as a client sends it, signed by these keys. */
export function envelopeOf(payload: string, ...keys: readonly VirtualKey[]): string {
  const message = Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${Buffer.byteLength(payload)} ${payload}`);
  const signatures = keys.map((key) => ({ sig: signBytes(key, message).toString('base64'), keyid: '' }));
  return JSON.stringify({ payloadType, payload: base64(payload), signatures });
}

export function proposeDsse(envelope: string, ...verifiers: readonly string[]): ProposedJson {
  return { kind: 'dsse', apiVersion: '0.0.1', spec: { proposedContent: { envelope, verifiers } } };
}

export function proposeIntotoV1(envelope: string, publicKey: string): ProposedJson {
  return { kind: 'intoto', apiVersion: '0.0.1', spec: { content: { envelope }, publicKey } };
}

/** With the hash that a client sends of its envelope, which nobody can check. */
export function proposeIntotoV2(envelope: string, publicKey: string): ProposedJson {
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  return {
    kind: 'intoto',
    apiVersion: '0.0.2',
    spec: {
      content: {
        envelope: {
          payloadType,
          payload: base64(payload),
          signatures: signatures.map(({ sig }) => ({ sig: base64(sig), publicKey })),
        },
        hash: { algorithm: 'sha256', value: digestOf('sha256', Buffer.from(envelope)).toString('hex') },
      },
    },
  };
}

export function proposeRekord(text: string, key: VirtualKey = createVirtualKey()): ProposedJson {
  const message = Buffer.from(text);
  return {
    kind: 'rekord',
    apiVersion: '0.0.1',
    spec: {
      data: { content: message.toString('base64') },
      signature: {
        format: 'x509',
        content: signBytes(key, message).toString('base64'),
        publicKey: { content: keyPemOf(key) },
      },
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
