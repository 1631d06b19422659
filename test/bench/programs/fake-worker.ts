// A node of the cluster that answers any request at once and does nothing: what is in front of it can be measured with
// the same upstream as a bare relay. It is registered in Redis, and so are the consumer instances that it pretends to
// hold; it does not look at the headers of peers.
import { createServer } from 'node:http';
import { NodeLease, parseRedisUrl } from '../../../packages/directory/src/index.ts';
import { RedisDirectory } from '../../../packages/directory/src/redis.ts';
import { peerHeaders } from '../../../packages/protocol/src/index.ts';
import { eventually } from '../../harness/conditions.ts';

export interface FakeWorkerParameters {
  readonly redisUrl: string;
  readonly cluster: string;
  readonly leaseMs: number;
  readonly group: string;
  readonly instances: readonly string[];
}

const REGISTER_DEADLINE_MS = 10_000;
const RETENTION_MS = 600_000;
const KEEP_ALIVE_MS = 75_000;
const INSTANCES_MAX = 1_000_000;
const CALLS = '/x-sluice/';

const [, , text = '', port = ''] = process.argv;
const { redisUrl, cluster, leaseMs, group, instances } = JSON.parse(text) as FakeWorkerParameters;
const identity = { id: 'fake-worker', boot: String(process.pid) };
const directory = new RedisDirectory({
  address: parseRedisUrl(redisUrl),
  cluster,
  leaseMs,
  retentionMs: RETENTION_MS,
});
const lease = new NodeLease({
  directory,
  describe: () => ({
    ...identity,
    address: `http://127.0.0.1:${port}`,
    state: 'up',
    recordVersion: 1,
    build: 'bench',
    load: { instances: instances.length, instancesMax: INSTANCES_MAX, utilization: 0 },
  }),
  leaseMs,
  onTerm: () => undefined,
  onFenced: () => undefined,
  onReplaced: () => undefined,
});

/** As long as the answer to a small produce request, or to a read of a small record. */
const body = Buffer.from(
  `{"offsets":[{"partition":0,"offset":1,"error_code":null,"error":null}],"key_schema_id":null,"value_schema_id":null}`,
);
const headers = [
  ['x-request-id', '0f8fad5b-d9cb-469f-a165-70867728950e'],
  ['Content-Type', 'application/vnd.kafka.v2+json'],
  ['Content-Length', String(body.length)],
].flat();
/** A read that brings records: the node wants to know when its client has them, and is told in calls of their own. */
const recordHeaders = [...headers, peerHeaders.awaited, '1'];
const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    if (request.url?.startsWith(CALLS) === true) response.writeHead(204).end();
    else response.writeHead(200, request.method === 'GET' ? recordHeaders : headers).end(body);
  });
});
server.keepAliveTimeout = KEEP_ALIVE_MS;

const registered = async (): Promise<boolean> => {
  await lease.renewNow();
  return lease.held;
};
// While the connection is being made each command fails at once.
await eventually(registered, { deadlineMs: REGISTER_DEADLINE_MS, describe: 'a lease from Redis' });
for (const instance of instances) {
  await directory.create({ name: { group, instance }, node: identity, config: '{}', requestId: instance });
}
// Last: who waits for the port finds everything else in place.
server.listen(Number(port), '127.0.0.1');
