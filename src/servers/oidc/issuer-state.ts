/** What the issuer remembers between two requests: in memory, for minutes. A restart forgets it. */

import { limits } from '../../base/limits.ts';

/** What is looked at in a thing that is kept; the rest is the provider's. */
interface Kept {
  readonly uid?: string | undefined;
  readonly userCode?: string | undefined;
  readonly grantId?: string | undefined;
  consumed?: unknown;
}

/** The library's adapter. */
export interface IssuerState<Payload> {
  readonly upsert: (id: string, payload: Payload, expiresInSeconds?: number) => Promise<void>;
  readonly find: (id: string) => Promise<Payload | undefined>;
  readonly findByUserCode: (userCode: string) => Promise<Payload | undefined>;
  readonly findByUid: (uid: string) => Promise<Payload | undefined>;
  readonly consume: (id: string) => Promise<void>;
  readonly destroy: (id: string) => Promise<void>;
  readonly revokeByGrantId: (grantId: string) => Promise<void>;
}

/** Makes one store for each kind of thing that the provider keeps. Where there are too many, the oldest goes: a page that
 *  begins sign-ins without end must not keep people out. */
export function createIssuerState<Payload extends Kept>(nowMs: () => number): (kind: string) => IssuerState<Payload> {
  return (kind) => {
    const kept = new Map<string, { readonly payload: Payload; readonly expiresMs: number }>();
    const find = (isWanted: (payload: Payload) => boolean): Payload | undefined =>
      Array.from(kept.values()).find(({ payload, expiresMs }) => isWanted(payload) && expiresMs > nowMs())?.payload;
    return {
      // Nobody stays signed in: a session would let a mere GET, which any page can cause, end in a token.
      upsert: async (id, payload, expiresIn = 0) => {
        if (kind === 'Session') return;
        kept.delete(id);
        for (const [old, { expiresMs }] of kept) {
          if (kept.size < limits.issuerState && expiresMs > nowMs()) break;
          kept.delete(old);
        }
        kept.set(id, { payload, expiresMs: nowMs() + expiresIn * 1000 });
      },
      find: async (id) => {
        const found = kept.get(id);
        return found !== undefined && found.expiresMs > nowMs() ? found.payload : undefined;
      },
      findByUserCode: async (userCode) => find((payload) => payload.userCode === userCode),
      findByUid: async (uid) => find((payload) => payload.uid === uid),
      consume: async (id) => {
        const found = kept.get(id);
        if (found !== undefined) found.payload.consumed = Math.floor(nowMs() / 1000);
      },
      destroy: async (id) => void kept.delete(id),
      revokeByGrantId: async (grantId) => {
        for (const [id, { payload }] of kept) {
          if (payload.grantId === grantId) kept.delete(id);
        }
      },
    };
  };
}
