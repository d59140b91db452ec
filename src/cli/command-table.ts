/** Every command by its words. Each is loaded only when it is run, or described. */

import type { Command } from './command.ts';

interface CommandEntry {
  readonly path: readonly string[];
  readonly load: () => Promise<Command>;
}

export const commandTable: readonly CommandEntry[] = [
  {
    path: ['attach', 'signature'],
    load: async () => (await import('./commands/attach-signature.ts')).attachSignatureCommand,
  },
  { path: ['attest'], load: async () => (await import('./commands/attest.ts')).attestCommand },
  {
    path: ['bundle', 'inspect'],
    load: async () => (await import('./commands/bundle-inspect.ts')).bundleInspectCommand,
  },
  { path: ['clean'], load: async () => (await import('./commands/clean.ts')).cleanCommand },
  { path: ['completion'], load: async () => (await import('./commands/completion.ts')).completionCommand },
  { path: ['copy'], load: async () => (await import('./commands/copy.ts')).copyCommand },
  { path: ['demo'], load: async () => (await import('./commands/demo.ts')).demoCommand },
  {
    path: ['download', 'signature'],
    load: async () => (await import('./commands/download-signature.ts')).downloadSignatureCommand,
  },
  { path: ['env'], load: async () => (await import('./commands/env.ts')).envCommand },
  { path: ['explain'], load: async () => (await import('./commands/explain.ts')).explainCommand },
  {
    path: ['generate-key-pair'],
    load: async () => (await import('./commands/generate-key-pair.ts')).generateKeyPairCommand,
  },
  { path: ['import-key-pair'], load: async () => (await import('./commands/import-key-pair.ts')).importKeyPairCommand },
  { path: ['initialize'], load: async () => (await import('./commands/initialize.ts')).initializeCommand },
  { path: ['login'], load: async () => (await import('./commands/login.ts')).loginCommand },
  { path: ['logout'], load: async () => (await import('./commands/logout.ts')).logoutCommand },
  { path: ['public-key'], load: async () => (await import('./commands/public-key.ts')).publicKeyCommand },
  { path: ['readers'], load: async () => (await import('./commands/readers.ts')).readersCommand },
  {
    path: ['registry', 'serve'],
    load: async () => (await import('./commands/registry-serve.ts')).registryServeCommand,
  },
  { path: ['sign'], load: async () => (await import('./commands/sign.ts')).signCommand },
  { path: ['sign-blob'], load: async () => (await import('./commands/sign-blob.ts')).signBlobCommand },
  {
    path: ['stack', 'doctor'],
    load: async () => (await import('./commands/stack-doctor.ts')).stackDoctorCommand,
  },
  {
    path: ['stack', 'export-config'],
    load: async () => (await import('./commands/stack-export-config.ts')).stackExportConfigCommand,
  },
  {
    path: ['stack', 'root', 'export'],
    load: async () => (await import('./commands/stack-root-export.ts')).stackRootExportCommand,
  },
  {
    path: ['stack', 'root', 'import'],
    load: async () => (await import('./commands/stack-root-import.ts')).stackRootImportCommand,
  },
  { path: ['stack', 'status'], load: async () => (await import('./commands/stack-status.ts')).stackStatusCommand },
  { path: ['stack', 'token'], load: async () => (await import('./commands/stack-token.ts')).stackTokenCommand },
  {
    path: ['stack', 'verify-log'],
    load: async () => (await import('./commands/stack-verify-log.ts')).stackVerifyLogCommand,
  },
  { path: ['tree'], load: async () => (await import('./commands/tree.ts')).treeCommand },
  { path: ['triangulate'], load: async () => (await import('./commands/triangulate.ts')).triangulateCommand },
  {
    path: ['trusted-root', 'create'],
    load: async () => (await import('./commands/trusted-root-create.ts')).trustedRootCreateCommand,
  },
  { path: ['up'], load: async () => (await import('./commands/up.ts')).upCommand },
  { path: ['verify'], load: async () => (await import('./commands/verify.ts')).verifyCommand },
  {
    path: ['verify-attestation'],
    load: async () => (await import('./commands/verify-attestation.ts')).verifyAttestationCommand,
  },
  { path: ['verify-blob'], load: async () => (await import('./commands/verify-blob.ts')).verifyBlobCommand },
  {
    path: ['verify-blob-attestation'],
    load: async () => (await import('./commands/verify-blob-attestation.ts')).verifyBlobAttestationCommand,
  },
  { path: ['verify-bundle'], load: async () => (await import('./commands/verify-bundle.ts')).verifyBundleCommand },
  { path: ['version'], load: async () => (await import('./commands/version.ts')).versionCommand },
];

/** All commands, in the order of their names. */
export async function loadCommands(): Promise<readonly Command[]> {
  return Promise.all(commandTable.map(({ load }) => load()));
}
