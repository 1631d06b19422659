// Runs one command and ends it when whoever asked for it is gone. A vitest that is SIGKILLed runs no exit hook;
// its end of this process's IPC channel closes all the same, whatever killed it.
//   process-guard.mjs GRACE_MS SCRATCH_DIRECTORY COMMAND [ARGUMENT ...]
// Sends {pid} when the command runs and {code, signal} when it ended. The scratch directory is removed only when
// the asker vanished: otherwise it may still want to read it, or to start again on the same data.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [grace, scratch, command, ...commandArguments] = process.argv.slice(2);
const child = spawn(command, commandArguments, { stdio: ['ignore', 'inherit', 'inherit'] });
let orphaned = false;

function report(message, then = () => {}) {
  if (process.connected) process.send(message, then);
  else then();
}

function end(exit) {
  if (orphaned) rmSync(scratch, { recursive: true, force: true });
  report(exit, () => process.exit(0));
}

process.once('disconnect', () => {
  orphaned = true;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), Number(grace)).unref();
});
child.once('spawn', () => report({ pid: child.pid }));
child.once('error', (error) => end({ code: null, signal: null, error: error.message }));
child.once('exit', (code, signal) => end({ code, signal }));
