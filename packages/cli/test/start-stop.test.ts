import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isServer } from '../src/pid-files.ts';
import { type Launched, launch, temporaryFolder, waitFor } from './launched.ts';

const READY = 'Server started, listening for requests...';
/** Nothing listens there: a server starts without its Kafka. */
const properties = `
bootstrap.servers=127.0.0.1:1
listeners=http://127.0.0.1:0
sluice.management.listener=http://127.0.0.1:0
`;

function installation(text = properties): { folder: string; file: string; environment: { LOG_DIR: string } } {
  const folder = temporaryFolder();
  const file = join(folder, 'kafka-rest.properties');
  writeFileSync(file, text);
  return { folder, file, environment: { LOG_DIR: join(folder, 'logs') } };
}

async function started(server: Launched): Promise<Record<string, string[]>> {
  const line = await waitFor('the ready line', () =>
    server
      .output()
      .split('\n')
      .find((text) => text.includes(READY)),
  );
  return JSON.parse(line) as Record<string, string[]>;
}

/** Sends a request whose body never ends; resolves when the server has asked for that body, and so has to wait for it. */
async function requestUnderWay(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  const type = 'Content-Type: application/vnd.kafka.json.v2+json';
  socket.write(`POST /topics/t HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n`);
  await new Promise((resolve) => {
    socket.once('data', resolve);
  });
}

/** The daemon of a test, which belongs to no process group of ours. */
function daemonOf(logs: string): number {
  const name = readdirSync(logs).find((file) => file.endsWith('.pid')) ?? '';
  return Number(/\d+/.exec(name)?.[0]);
}

describe('kafka-rest-start', () => {
  it('serves in the foreground, and kafka-rest-stop ends it with exit code 0', async () => {
    const { file, environment } = installation();
    const server = launch('kafka-rest-start', [file], { environment });
    const { listeners } = await started(server);
    const answer = await fetch(`${listeners?.[0]}/`);
    expect(answer.status).toBe(200);
    const stop = launch('kafka-rest-stop', [], { environment });
    expect(await stop.exited).toBe(0);
    expect(stop.output()).toBe(`Stopped ${server.pid}.\n`);
    expect(await server.exited).toBe(0);
    expect(readdirSync(environment.LOG_DIR)).toEqual([]);
  });

  it('goes into the background with -daemon, logs to LOG_DIR, and is stopped from another folder', async () => {
    const { file, environment } = installation();
    const start = launch('kafka-rest-start', ['-daemon', file], { environment });
    expect(await start.exited).toBe(0);
    const log = join(environment.LOG_DIR, 'kafka-rest.log');
    await waitFor('the ready line', () =>
      existsSync(log) && readFileSync(log, 'utf8').includes(READY) ? true : undefined,
    );
    const pid = daemonOf(environment.LOG_DIR);
    onTestFinished(() => {
      if (isServer(pid)) process.kill(pid, 'SIGKILL');
    });
    expect(isServer(pid)).toBe(true);
    const stop = launch('kafka-rest-stop', [], { environment, cwd: '/' });
    expect(await stop.exited).toBe(0);
    expect(isServer(pid)).toBe(false);
  });

  it('in the background can be stopped as soon as the command has returned', async () => {
    const { file, environment } = installation();
    expect(await launch('kafka-rest-start', ['-daemon', file], { environment }).exited).toBe(0);
    const pid = daemonOf(environment.LOG_DIR);
    onTestFinished(() => {
      if (isServer(pid)) process.kill(pid, 'SIGKILL');
    });
    const stop = launch('kafka-rest-stop', [], { environment });
    expect(await stop.exited).toBe(0);
    expect(stop.output()).toBe(`Stopped ${pid}.\n`);
    expect(isServer(pid)).toBe(false);
  });

  it('finds ./etc/kafka-rest/kafka-rest.properties by itself', async () => {
    const { folder, environment } = installation();
    mkdirSync(join(folder, 'etc/kafka-rest'), { recursive: true });
    writeFileSync(join(folder, 'etc/kafka-rest/kafka-rest.properties'), properties);
    const server = launch('kafka-rest-start', [], { environment, cwd: folder });
    await started(server);
    server.signalGroup('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it.each([[['FILE']], [['-daemon', 'FILE']]])('tells all that is wrong with its configuration: %j', async (given) => {
    const { file, environment } = installation('port=x\nproducer.acks=7\nbootstrap.server=b:1\n');
    const parameters = given.map((argument) => (argument === 'FILE' ? file : argument));
    const server = launch('kafka-rest-start', parameters, { environment });
    expect(await server.exited).toBe(1);
    expect(server.output()).toContain('The configuration cannot be used, 3 problems:\n');
    for (const key of ['port:', 'bootstrap.servers:', 'producer.acks:']) expect(server.output()).toContain(`  ${key} `);
    expect(server.output()).toContain('Worth a look, too:\n  unknown keys have no effect: bootstrap.server\n');
    expect(existsSync(environment.LOG_DIR)).toBe(false);
  });

  it('exits with 1 and a reason when its port is taken', async () => {
    const { file, environment } = installation();
    const first = launch('kafka-rest-start', [file], { environment });
    const { listeners } = await started(first);
    const taken = { ...environment, KAFKA_REST_LISTENERS: listeners?.[0] ?? '' };
    const second = launch('kafka-rest-start', [file], { environment: taken });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain('EADDRINUSE');
  });

  it('in the background writes to sluice.log.file when that is set, and begins a new one when it is full', async () => {
    const { folder, file, environment } = installation();
    const log = join(folder, 'sluice.log');
    const small = {
      KAFKA_REST_SLUICE_LOG_FILE: log,
      KAFKA_REST_SLUICE_LOG_FILE_MAX_BYTES: '1024',
      KAFKA_REST_DEBUG: 'true',
    };
    const start = launch('kafka-rest-start', ['-daemon', file], { environment: { ...environment, ...small } });
    expect(await start.exited).toBe(0);
    const pid = daemonOf(environment.LOG_DIR);
    onTestFinished(() => {
      if (isServer(pid)) process.kill(pid, 'SIGKILL');
    });
    await waitFor('the ready line', () =>
      existsSync(log) && readFileSync(log, 'utf8').includes(READY) ? true : undefined,
    );
    // The effective configuration alone, which stands before that line, is larger than a file may be.
    expect(existsSync(`${log}.1`)).toBe(true);
    expect(existsSync(join(environment.LOG_DIR, 'kafka-rest.log'))).toBe(false);
    expect(await launch('kafka-rest-stop', [], { environment }).exited).toBe(0);
  });

  it('says what is wrong with sluice.log.file', async () => {
    const { folder, file, environment } = installation(`${properties}sluice.log.file=none/sluice.log\n`);
    const server = launch('kafka-rest-start', [file], { environment, cwd: folder });
    expect(await server.exited).toBe(1);
    expect(server.output()).toMatch(/^The configuration cannot be used, 1 problem:\n {2}sluice\.log\.file: .*ENOENT/);
  });

  it.each(['kafka-rest-start', 'kafka-rest-stop', 'sluice'])('%s --version tells the version', async (command) => {
    const asked = launch(command, ['--version']);
    expect(await asked.exited).toBe(0);
    expect(asked.output()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('refuses an older Node.js, and says which one it found', async () => {
    const folder = temporaryFolder();
    for (const version of ['v18.20.8', 'v20.18.3', 'v9.0.0']) {
      writeFileSync(join(folder, 'node'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
      const start = launch('kafka-rest-start', ['-help'], { environment: { PATH: `${folder}:/usr/bin:/bin` } });
      expect(await start.exited).toBe(1);
      expect(start.output()).toBe(`Node.js 20.19 or later is needed; ${folder}/node is ${version}.\n`);
    }
  });

  it('explains itself with -help', async () => {
    const help = launch('kafka-rest-start', ['-help']);
    expect(await help.exited).toBe(0);
    expect(help.output()).toContain('USAGE: kafka-rest-start [-daemon] [-help]');
  });

  it.each([[['-nope', 'FILE']], [['FILE', '-daemon']], [['/nonexistent.properties']]])('refuses %j', async (given) => {
    const { file, environment } = installation();
    const parameters = given.map((argument) => (argument === 'FILE' ? file : argument));
    const start = launch('kafka-rest-start', parameters, { environment });
    expect(await start.exited).toBe(1);
    expect(start.output()).toMatch(/USAGE|cannot read \/nonexistent/);
  });

  it('is ended at once by a second signal', async () => {
    const { file, environment } = installation(`${properties}shutdown.graceful.ms=60000\n`);
    const server = launch('kafka-rest-start', [file], { environment });
    const { listeners } = await started(server);
    await requestUnderWay(Number(new URL(listeners?.[0] ?? '').port));
    server.signalGroup('SIGTERM');
    await waitFor('the drain', () => (server.output().includes('"draining"') ? true : undefined));
    server.signalGroup('SIGTERM');
    expect(await server.exited).toBe(1);
  });
});

describe('kafka-rest-stop', () => {
  it('says so when nothing runs', async () => {
    const { environment } = installation();
    const stop = launch('kafka-rest-stop', [], { environment });
    expect(await stop.exited).toBe(1);
    expect(stop.output()).toBe('No running instance found.\n');
  });

  it.each([
    ['-help', 0],
    ['--help', 0],
    ['-halp', 1],
  ])('stops nothing when it is called with %s', async (argument, exitCode) => {
    const { file, environment } = installation();
    const server = launch('kafka-rest-start', [file], { environment });
    await started(server);
    const stop = launch('kafka-rest-stop', [argument], { environment });
    expect(await stop.exited).toBe(exitCode);
    expect(stop.output()).toContain('USAGE: kafka-rest-stop [-help]');
    expect(readdirSync(environment.LOG_DIR)).toEqual([`kafka-rest.${server.pid}.pid`]);
  });

  it('leaves alone a process that merely got the number of a server that was killed', async () => {
    const { environment } = installation();
    mkdirSync(environment.LOG_DIR);
    writeFileSync(join(environment.LOG_DIR, `kafka-rest.${process.pid}.pid`), `${process.pid}\n`);
    const stop = launch('kafka-rest-stop', [], { environment });
    expect(await stop.exited).toBe(1);
    expect(stop.output()).toBe('No running instance found.\n');
    expect(readdirSync(environment.LOG_DIR)).toEqual([]);
  });
});
