/** What is known of a TUF repository, for reports and for the person at the terminal. */

import { printableOf } from '../../base/printable.ts';
import type { TopRole, TufHead } from '../../formats/tuf/document.ts';
import type { TrustedMetadata } from './trusted-metadata.ts';

export interface RepositoryState {
  readonly mirror: string;
  /** Undefined when it is not known: the cache came from another program. */
  readonly refreshedAt: Date | undefined;
  readonly roles: Readonly<Record<TopRole, TufHead>>;
  /** Names of the top-level role's targets. */
  readonly targets: readonly string[];
}

/** What a set of trusted documents says about the repository. */
export function repositoryStateOf(
  trusted: TrustedMetadata,
  mirror: string,
  refreshedAt: Date | undefined,
): RepositoryState {
  const [root, timestamp, snapshot, targets] = [
    trusted.root(),
    trusted.timestamp(),
    trusted.snapshot(),
    trusted.targets('targets'),
  ];
  if (timestamp === undefined || snapshot === undefined || targets === undefined) throw new Error('not updated');
  return { mirror, refreshedAt, roles: { root, timestamp, snapshot, targets }, targets: Object.keys(targets.targets) };
}

/** "https://tuf.example: root version 3, refreshed 5 days ago". */
export function ageOf({ mirror, refreshedAt, roles }: RepositoryState, now: Date): string {
  const when =
    refreshedAt === undefined
      ? 'refreshed nobody knows when'
      : `refreshed ${agoOf(now.getTime() - refreshedAt.getTime())}`;
  return `${printableOf(mirror)}: root version ${roles.root.version}, ${when}`;
}

function agoOf(ageMs: number): string {
  if (ageMs < 0) return 'in the future, by the clock of this machine';
  const minutes = Math.floor(ageMs / 60_000);
  if (minutes < 120) return `${minutes} min ago`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 60 / 24)} days ago`;
}
