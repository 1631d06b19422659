import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandFailed } from './command-failed.ts';
import { loadConfiguration } from './configuration.ts';
import { noteOwnRun, noteRunning } from './pid-files.ts';
import { reportProblems } from './report-problems.ts';
import { runServer } from './run-server.ts';
import { readVersion } from './version.ts';

const USAGE = `USAGE: kafka-rest-start [-daemon] [-help] [-version] [kafka-rest.properties]

  -daemon   run in the background; the log goes to sluice.log.file, else to LOG_DIR/kafka-rest.log (LOG_DIR: ./logs)
  -help     this text
  -version  the version

Without a file: ./etc/kafka-rest/kafka-rest.properties or /etc/kafka-rest/kafka-rest.properties.
`;
const DEFAULT_FILES = ['./etc/kafka-rest/kafka-rest.properties', '/etc/kafka-rest/kafka-rest.properties'];

interface StartArguments {
  readonly daemon: boolean;
  readonly help: boolean;
  readonly version: boolean;
  readonly files: readonly string[];
  readonly unknown: readonly string[];
}

/** The command `kafka-rest-start`, with the arguments of Confluent's (contract D.4): options stand before the file. */
export async function runKafkaRestStart(commandArguments: readonly string[]): Promise<void> {
  const { daemon, help, version, files, unknown } = parse(commandArguments);
  if (help) {
    process.stdout.write(USAGE);
    return;
  }
  if (version) {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  const file = files[0] ?? DEFAULT_FILES.find((candidate) => existsSync(candidate));
  if (unknown.length > 0 || files.length > 1 || file === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 1;
    return;
  }
  await reportProblems(async () => {
    // Read here in both cases: who starts a daemon is told at once what is wrong, not by a log that he has yet to find.
    const configuration = loadConfiguration({ file });
    if (daemon) {
      startInBackground(file, configuration.config.log.file);
    } else {
      noteOwnRun(process.env);
      await runServer(configuration);
    }
  });
}

function parse(commandArguments: readonly string[]): StartArguments {
  const first = commandArguments.findIndex((argument) => !argument.startsWith('-'));
  const options = first === -1 ? commandArguments : commandArguments.slice(0, first);
  const is = (name: string) => (option: string) => option === `-${name}` || option === `--${name}`;
  return {
    daemon: options.some(is('daemon')),
    help: options.some(is('help')),
    files: first === -1 ? [] : commandArguments.slice(first),
    version: options.some(is('version')),
    unknown: options.filter((option) => !['daemon', 'help', 'version'].some((name) => is(name)(option))),
  };
}

/**
 * Starts this command again without `-daemon`, in a session of its own: it outlives the terminal. Its log goes to a file;
 * what it writes beside that, when it crashes for instance, stands in `kafka-rest.out` until the next start.
 */
function startInBackground(file: string, logFile: string): void {
  const logs = process.env['LOG_DIR'] || './logs';
  const output = openOutput(logs);
  const launcher = process.argv[1] ?? '';
  const child = spawn(process.execPath, [...process.execArgv, launcher, file], {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, KAFKA_REST_SLUICE_LOG_FILE: logFile || resolve(logs, 'kafka-rest.log') },
  });
  // The child writes it as well, but only when it has loaded: a kafka-rest-stop until then would find nothing to stop.
  if (child.pid !== undefined) noteRunning(process.env, child.pid);
  child.unref();
}

function openOutput(logs: string): number {
  try {
    mkdirSync(logs, { recursive: true });
    return openSync(join(logs, 'kafka-rest.out'), 'w', 0o640);
  } catch (cause) {
    throw new CommandFailed(`LOG_DIR (${logs}): cannot be written: ${(cause as Error).message}`, { cause });
  }
}
