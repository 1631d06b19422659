import type { ClusterConfig } from './config.ts';
import { choice, flag, type Group, integer, listener, MIB, milliseconds, text } from './setting.ts';

/** What the nodes of a cluster share, and how they reach each other. */
export const cluster: Group<ClusterConfig> = {
  role: choice('sluice.role', {
    description:
      'node: serves and forwards; edge: forwards only, and needs no Kafka; worker: serves what edges forward.',
    values: ['node', 'edge', 'worker'],
    defaultValue: 'node',
  }),
  redisUrl: text('sluice.redis.url', {
    description: 'Redis that the nodes of a cluster share; empty: this server stands alone.',
    secret: true,
  }),
  redisCaFile: text('sluice.redis.tls.ca.file', {
    description:
      'PEM file of the authorities that the certificate of Redis may come from; empty: those that Node knows.',
  }),
  id: text('sluice.cluster.id', {
    description: 'Name of the cluster: two that share a Redis or a Kafka need different ones.',
    defaultValue: 'default',
  }),
  secret: text('sluice.cluster.secret', {
    description: 'What nodes know each other by, if not by certificates: 16 or more printable ASCII characters.',
    secret: true,
  }),
  tlsCertificateFile: text('sluice.internal.tls.certificate.file', {
    description: 'PEM file of the certificate that this node shows the others; with it they talk TLS.',
  }),
  tlsKeyFile: text('sluice.internal.tls.key.file', { description: 'PEM file of the key of that certificate.' }),
  tlsKeyPassword: text('sluice.internal.tls.key.password', { description: 'Password of that key.', secret: true }),
  tlsCaFile: text('sluice.internal.tls.ca.file', {
    description: 'PEM file of the authorities of the cluster: whoever has a certificate from them is a node of it.',
  }),
  internalListener: listener('sluice.internal.listener', {
    description:
      'Where the other nodes of the cluster reach this one; empty: the host of the first listener, any port.',
    defaultValue: null,
    schemes: ['http', 'https'],
  }),
  internalHost: text('sluice.internal.advertised.host', {
    description: "Host under which the other nodes reach this one; empty: the internal listener's, if it names one.",
  }),
  internalPort: integer('sluice.internal.advertised.port', {
    description: "Port at which the other nodes reach this one; 0: the internal listener's.",
    defaultValue: 0,
    min: 0,
    max: 65_535,
  }),
  leaseMs: milliseconds('sluice.lease.ms', {
    description: 'A node that gives no sign of life for so long is taken for dead, and its instances are taken over.',
    defaultValue: 10_000,
    min: 500,
  }),
  handOverTimeoutMs: milliseconds('sluice.handover.timeout.ms', {
    description:
      'A node that ends gives its instances to others first, and takes so long for it at most; `shutdown.graceful.ms` begins behind that.',
    defaultValue: 20_000,
  }),
  showNode: flag('sluice.cluster.show.node', {
    description: 'Whether answers about consumer instances name the node that gave them, in the header x-sluice-node.',
    defaultValue: false,
  }),
  heldMax: integer('sluice.edge.held.max', {
    description: 'Requests that wait while their instance moves to another node, beyond which the answer is 503.',
    defaultValue: 1000,
    min: 0,
    max: 1_000_000,
  }),
  bufferMaxBytes: integer('sluice.edge.buffer.max.bytes', {
    description:
      'Size of a request body up to which it is kept, to be sent to another node when the first did not take it.',
    defaultValue: 262_144,
    min: 0,
    max: 64 * MIB,
  }),
  ownersMax: integer('sluice.edge.owners.max', {
    description: 'Instances whose owners are remembered; the ones used least lately are looked up again.',
    defaultValue: 100_000,
    min: 1,
    max: 10_000_000,
  }),
};
