import { connect } from 'node:net';
import { deferred, eventually, within } from './conditions.ts';

const DEADLINE_MS = 10_000;
const HEADER_END = '\r\n\r\n';

/** One answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection on which a test sends exactly the bytes that it wants, when it wants. */
export interface RawConnection {
  readonly send: (data: string | Buffer) => void;
  /** Ends the sending side; answers still arrive. */
  readonly finish: () => void;
  /** Cuts the connection without a farewell, as a crashed client does. */
  readonly vanish: () => void;
  /** Reads no more: the server's bytes pile up. */
  readonly stopReading: () => void;
  readonly goOnReading: () => void;
  /** The final answers so far; a 1xx one is not final. */
  readonly answers: () => RawAnswer[];
  /** Everything that came, as it came. */
  readonly text: () => string;
  /** Waits until that many answers are there. */
  readonly answered: (count: number, deadlineMs?: number) => Promise<RawAnswer[]>;
  /** Waits until the server has closed the connection. */
  readonly closed: (deadlineMs?: number) => Promise<void>;
  readonly isOpen: () => boolean;
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

/** Splits what came into answers; every answer with a body is expected to say how long it is. */
function parseAnswers(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (let end = rest.indexOf(HEADER_END); end >= 0; end = rest.indexOf(HEADER_END)) {
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    if (Number.isNaN(status)) throw new Error(`not an answer: ${rest.slice(0, 200)}`);
    const headers = headersOf(lines);
    const length = Number(headers['content-length'] ?? 0);
    const bodyAt = end + HEADER_END.length;
    if (rest.length < bodyAt + length) break;
    if (status >= 200) answers.push({ status, headers, body: rest.slice(bodyAt, bodyAt + length) });
    rest = rest.slice(bodyAt + length);
  }
  return answers;
}

/** Opens a connection to the server at `url`. The caller ends it by `vanish`, however the server behaves. */
export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const opened = deferred();
  const ended = deferred();
  const chunks: Buffer[] = [];
  let open = true;
  socket.once('connect', () => opened.resolve());
  socket.once('error', (error) => opened.reject(error));
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const onEnd = (): void => {
    open = false;
    ended.resolve();
  };
  socket.once('end', onEnd).once('close', onEnd);
  await within(opened.promise, DEADLINE_MS, 'a connection');
  const text = (): string => Buffer.concat(chunks).toString('latin1');
  return {
    send: (data) => void socket.write(data),
    finish: () => socket.end(),
    vanish: () => void socket.resetAndDestroy(),
    stopReading: () => void socket.pause(),
    goOnReading: () => void socket.resume(),
    answers: () => parseAnswers(text()),
    text,
    answered: async (count, deadlineMs = DEADLINE_MS) =>
      await eventually(() => parseAnswers(text()).length >= count && parseAnswers(text()), {
        deadlineMs,
        describe: `${count} answers; so far: ${text().slice(0, 500)}`,
      }),
    closed: async (deadlineMs = DEADLINE_MS) => await within(ended.promise, deadlineMs, 'the server to close'),
    isOpen: () => open,
  };
}

/** Sends one request on a connection of its own and gives the first answer. */
export async function exchangeRaw(url: string, ...parts: readonly (string | Buffer)[]): Promise<RawAnswer> {
  const connection = await openRaw(url);
  try {
    for (const part of parts) connection.send(part);
    const [answer] = await connection.answered(1);
    return answer as RawAnswer;
  } finally {
    connection.vanish();
  }
}
