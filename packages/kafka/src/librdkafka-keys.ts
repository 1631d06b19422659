import type { ClientKind } from './client-keys.ts';

/**
 * librdkafka's own settings that pass unchanged. Left out are those that name functions or native memory, those that
 * are deprecated, and those that decide what only the proxy can decide (groups, commits, delivery reports).
 * A test compares the names with the documentation of the installed librdkafka.
 */
const shared = `
  message.max.bytes message.copy.max.bytes receive.message.max.bytes max.in.flight metadata.recovery.strategy
  metadata.recovery.rebootstrap.trigger.ms topic.metadata.refresh.interval.ms topic.metadata.refresh.fast.interval.ms
  topic.metadata.refresh.sparse topic.metadata.propagation.max.ms topic.blacklist debug socket.timeout.ms
  socket.send.buffer.bytes socket.receive.buffer.bytes socket.keepalive.enable socket.nagle.disable socket.max.fails
  broker.address.ttl broker.address.family log_level log.thread.name enable.random.seed log.connection.close
  api.version.request.timeout.ms ssl.curves.list ssl.sigalgs.list ssl.crl.location ssl.providers`;
const producerGlobal = `
  queue.buffering.max.messages queue.buffering.max.kbytes queue.buffering.max.ms message.send.max.retries
  queue.buffering.backpressure.threshold compression.codec batch.num.messages sticky.partitioning.linger.ms
  enable.gapless.guarantee`;
const producerTopic = 'request.required.acks message.timeout.ms partitioner compression.level';
const consumerGlobal = `
  coordinator.query.interval.ms queued.min.messages queued.max.messages.kbytes fetch.wait.max.ms
  fetch.queue.backoff.ms fetch.message.max.bytes fetch.error.backoff.ms`;

/** Settings of which librdkafka takes two names; ours is the one that the rest of this package writes. */
export const canonicalNames: Readonly<Record<string, string>> = {
  'max.in.flight': 'max.in.flight.requests.per.connection',
  'queue.buffering.max.ms': 'linger.ms',
  'message.send.max.retries': 'retries',
  'compression.codec': 'compression.type',
  'request.required.acks': 'acks',
};

interface Scopes {
  readonly global: ReadonlySet<string>;
  readonly topic: ReadonlySet<string>;
}

const scopes: Readonly<Record<ClientKind, Scopes>> = {
  producer: { global: words(shared, producerGlobal), topic: words(producerTopic) },
  consumer: { global: words(shared, consumerGlobal), topic: new Set() },
  admin: { global: words(shared), topic: new Set() },
};

/** In which of librdkafka's settings a name belongs, for one kind of client. */
export function librdkafkaScope(kind: ClientKind, name: string): 'global' | 'topic' | undefined {
  if (scopes[kind].global.has(name)) return 'global';
  return scopes[kind].topic.has(name) ? 'topic' : undefined;
}

/** All names, for the test that compares them with the library. */
export function librdkafkaNames(kind: ClientKind): Scopes {
  return scopes[kind];
}

function words(...texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.join(' ').trim().split(/\s+/));
}
