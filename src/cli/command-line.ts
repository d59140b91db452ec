/** From the words of a command line to an exit status. */

import { UsageError } from '../base/errors.ts';
import { commandNameOf } from './command.ts';
import type { Command, Invocation } from './command.ts';
import { commandTable, loadCommands } from './command-table.ts';
import { exitStatusOf, failureReport, failureText } from './failure.ts';
import type { Flags } from './flag.ts';
import { globalFlags } from './flags/global.ts';
import { nearestOf } from './nearest.ts';
import { printResult } from './output.ts';
import type { OutputSettings } from './output.ts';
import { parseArguments } from './parse-arguments.ts';
import type { ParsedArguments } from './parse-arguments.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';
import { settingsOf } from './settings.ts';
import type { Settings } from './settings.ts';
import type { StandardStreams } from './standard-streams.ts';

/** Runs a command; never throws. */
export async function runCommandLine(words: readonly string[], streams: StandardStreams): Promise<number> {
  // Before the words are understood, only their plain look tells how to fail.
  let output: OutputSettings = { isJson: words.includes('--json'), file: undefined, streams };
  let session: Session | undefined;
  try {
    const { command, rest } = await findCommand(words);
    if (command === undefined) {
      return await printHelp(rest, streams);
    }
    const flags: Flags = { ...command.flags, ...globalFlags };
    const parsed = parseArguments(rest, flags);
    if (parsed.isHelpAsked) {
      return await printHelp(command.path, streams);
    }
    const settings = settingsOf(flags, parsed, command.ignoresEnvironment === true ? undefined : process.env);
    output = {
      ...output,
      isJson: settings.values['json'] === true,
      file: settings.values['output-file'] as string | undefined,
    };
    session = openSession({
      streams,
      isVerbose: settings.values['verbose'] === true,
      timeoutMs: timeoutMsOf(command, settings),
    });
    for (const note of settings.notes) session.log.noteOnce(note);
    requireCount(command, parsed);
    const result = await command.run(invocationOf(settings, parsed, session));
    await printResult(result, output);
    await result.afterwards?.();
    return result.exit ?? 0;
  } catch (error) {
    return await report(error, output, session);
  } finally {
    session?.interruption.close();
  }
}

/** `countersign -d verify …`: flags of all commands may stand before the command's words. */
async function findCommand(
  words: readonly string[],
): Promise<{ readonly command?: Command; readonly rest: readonly string[] }> {
  const start = leadingFlagCount(words);
  const leading = words.slice(0, start);
  const first = words[start];
  if (first === undefined && leading.some((word) => word === '--version' || word === '-version')) {
    return { command: await loadCommand(['version']), rest: [] };
  }
  if (first === undefined || first === 'help') {
    parseArguments(leading, globalFlags);
    return { rest: words.slice(start + 1) };
  }
  const entry = commandTable.find(({ path }) => path.every((word, index) => words[start + index] === word));
  if (entry !== undefined) {
    return { command: await entry.load(), rest: [...leading, ...words.slice(start + entry.path.length)] };
  }
  if (commandTable.some(({ path }) => path.length > 1 && path[0] === first)) {
    const next = words[start + 1];
    if (next === undefined || next === '--help' || next === '-h') return { rest: [first] };
    throw unknownCommand(`${first} ${next}`);
  }
  throw unknownCommand(first);
}

async function loadCommand(path: readonly string[]): Promise<Command> {
  const entry = commandTable.find((each) => each.path.join(' ') === path.join(' '));
  if (entry === undefined) throw unknownCommand(path.join(' '));
  return entry.load();
}

function leadingFlagCount(words: readonly string[]): number {
  let count = 0;
  while (words[count]?.startsWith('-') === true && words[count] !== '--') {
    const takesNext = /^(?:-t|--?timeout|--?output-file)$/.test(words[count] ?? '');
    count += takesNext ? 2 : 1;
  }
  return Math.min(count, words.length);
}

async function printHelp(path: readonly string[], streams: StandardStreams): Promise<number> {
  const { helpText } = await import('./help.ts');
  await printResult(
    { text: helpText(path, await loadCommands()), report: {} },
    { isJson: false, file: undefined, streams },
  );
  return 0;
}

function timeoutMsOf(command: Command, settings: Settings): number | undefined {
  const given = settings.values['timeout'] as number | undefined;
  if (given !== undefined && given <= 0) {
    throw new UsageError(
      'FLAG_VALUE_INVALID',
      '--timeout: expected a duration above zero: with 0 every request would be too late',
    );
  }
  return given ?? command.timeoutMs;
}

function requireCount(command: Command, { positional }: ParsedArguments): void {
  const { least, most, usage } = command.positional;
  if (positional.length >= least && positional.length <= most) return;
  const wanted = usage === '' ? 'no arguments' : usage;
  throw new UsageError(
    'ARGUMENTS_INVALID',
    `${commandNameOf(command)} takes ${wanted}, got ${positional.length} arguments`,
    {
      hint: `Run "${commandNameOf(command)} --help" for usage.`,
    },
  );
}

function invocationOf(settings: Settings, parsed: ParsedArguments, session: Session): Invocation<Flags> {
  return {
    values: settings.values as Invocation<Flags>['values'],
    isGiven: (name) => settings.given.has(name),
    args: parsed.positional,
    session,
    loadCommands,
  };
}

async function report(failure: unknown, output: OutputSettings, session: Session | undefined): Promise<number> {
  const { createStyle } = await import('./style.ts');
  const { streams } = output;
  streams.writeError(failureText(failure, session?.style ?? createStyle(streams.stderr, process.env)));
  if (output.isJson) {
    // An output file that cannot be written may be the very failure.
    await printResult({ text: '', report: failureReport(failure) }, { ...output, file: undefined });
  }
  return exitStatusOf(failure);
}

function unknownCommand(words: string): UsageError {
  const near = nearestOf(
    words,
    commandTable.map(({ path }) => path.join(' ')),
  );
  return new UsageError(
    'COMMAND_UNKNOWN',
    `unknown command "${words}" for "countersign"${near === undefined ? '' : `; did you mean "${near}"?`}`,
  );
}
