import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfiguration } from './configuration.ts';
import { pidDirectory, writeOwnPidFile, writePidFile } from './pid-files.ts';
import { reportProblems } from './report-problems.ts';
import { runServer } from './run-server.ts';

const USAGE = `USAGE: kafka-rest-start [-daemon] [-help] [kafka-rest.properties]

  -daemon  run in the background; the log goes to LOG_DIR/kafka-rest.log (LOG_DIR: ./logs)
  -help    this text

Without a file: ./etc/kafka-rest/kafka-rest.properties or /etc/kafka-rest/kafka-rest.properties.
`;
const DEFAULT_FILES = ['./etc/kafka-rest/kafka-rest.properties', '/etc/kafka-rest/kafka-rest.properties'];

interface StartArguments {
  readonly daemon: boolean;
  readonly help: boolean;
  readonly files: readonly string[];
  readonly unknown: readonly string[];
}

/** The command `kafka-rest-start`, with the arguments of Confluent's (contract D.4): options stand before the file. */
export async function runKafkaRestStart(commandArguments: readonly string[]): Promise<void> {
  const { daemon, help, files, unknown } = parse(commandArguments);
  if (help) {
    process.stdout.write(USAGE);
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
      startInBackground(file);
    } else {
      writeOwnPidFile(pidDirectory(process.env));
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
    unknown: options.filter((option) => !is('daemon')(option) && !is('help')(option)),
  };
}

/** Starts this command again without `-daemon`, in a session of its own: it outlives the terminal. */
function startInBackground(file: string): void {
  const logs = process.env['LOG_DIR'] || './logs';
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, 'kafka-rest.log'), 'a');
  const launcher = process.argv[1] ?? '';
  const child = spawn(process.execPath, [...process.execArgv, launcher, file], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  // The child writes it as well, but only when it has loaded: a kafka-rest-stop until then would find nothing to stop.
  if (child.pid !== undefined) writePidFile(pidDirectory(process.env), child.pid);
  child.unref();
}
