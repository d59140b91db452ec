/** countersign stack token */

import { UsageError } from '../../base/errors.ts';
import { askStack } from '../../servers/stack/control-socket.ts';
import { declareCommand, noArguments } from '../command.ts';
import { stackDataFlags } from '../flags/stack.ts';

export const stackTokenCommand = declareCommand({
  path: ['stack', 'token'],
  summary: 'Get an identity token from a development stack',
  description:
    'Asks the development stack that runs on the data directory, over a socket that only its owner can open, for an identity token, and prints it. ' +
    'It is good for ten minutes. A production stack proves no identities and refuses.',
  examples: [
    {
      what: 'Sign as somebody',
      command:
        'countersign sign --identity-token "$(countersign stack token --identity dev@example.com)" localhost:8080/app',
    },
  ],
  positional: noArguments,
  flags: {
    ...stackDataFlags,
    identity: { type: 'string', placeholder: 'EMAIL', help: 'e-mail address that the token is about (required)' },
    audience: { type: 'string', default: 'sigstore', placeholder: 'NAME', help: 'whom the token is for' },
  },
  timeoutMs: 30_000,
  isInCosign: false,
  run: async ({ values }) => {
    if (values.identity === undefined) {
      throw new UsageError('FLAGS_CONFLICT', '--identity is missing: whom should the token be about?');
    }
    const answer = await askStack(values.data, 'token', { email: values.identity, audience: values.audience });
    const { token } = answer as { readonly token: string };
    return { text: `${token}\n`, report: { token, identity: values.identity, audience: values.audience } };
  },
});
