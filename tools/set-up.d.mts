/** What the TypeScript tools use of set-up.mjs. */

/** Installs a pinned Node into the cache, unless it is there. Returns the path of its binary. */
export declare function installNode(version: string): Promise<string>;
