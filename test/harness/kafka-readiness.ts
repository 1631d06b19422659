import { connect } from 'node:net';
import { deferred, eventually } from './conditions.ts';

const API_KEY_METADATA = 3;
/** The lowest version that Kafka 4 still answers (KIP-896). */
const METADATA_VERSION = 4;
const ATTEMPT_TIMEOUT_MS = 1000;
/** Size, correlation id and throttle time stand before the number of brokers. */
const BROKER_COUNT_AT = 12;

/** Metadata v4 without topics: size, api key, version, correlation id, no client id, no topics, no auto-creation. */
function metadataRequest(): Buffer {
  const body = Buffer.alloc(15);
  body.writeInt16BE(API_KEY_METADATA, 0);
  body.writeInt16BE(METADATA_VERSION, 2);
  body.writeInt16BE(-1, 8);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

/** How many brokers the one on this port knows to be alive; rejects when it does not answer. */
async function aliveBrokers(port: number): Promise<number> {
  const answer = deferred<number>();
  const socket = connect({ host: '127.0.0.1', port });
  let received = Buffer.alloc(0);
  socket.setTimeout(ATTEMPT_TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
  socket.once('connect', () => socket.write(metadataRequest()));
  socket.once('error', answer.reject);
  socket.once('close', () => answer.reject(new Error('connection closed')));
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    if (received.length >= BROKER_COUNT_AT + 4) answer.resolve(received.readInt32BE(BROKER_COUNT_AT));
  });
  try {
    return await answer.promise;
  } finally {
    socket.destroy();
  }
}

/**
 * Waits until the broker serves. An open port is not enough: a KRaft broker listens before it is unfenced, and a
 * topic created in that moment has no leader.
 */
export async function brokerServes(port: number, deadlineMs: number): Promise<void> {
  await eventually(async () => (await aliveBrokers(port)) > 0, {
    deadlineMs,
    describe: `the broker on port ${port} to serve`,
    intervalMs: 50,
  });
}
