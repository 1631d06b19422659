const prefix = 'KAFKA_REST_';

/**
 * Variables of Confluent's start script and image: they steer the JVM or the image's entry point and would
 * otherwise turn up as unknown keys (`heap.opts` and the like). Source: contract D.4.
 */
const scriptVariables = /^KAFKA_REST_(?:HEAP_OPTS|JMX_\w+|JVM_PERFORMANCE_OPTS|OPTS|LOG4J_\w+|CUB_\w+|HOME)$/;

/**
 * Kubernetes describes a service called `kafka-rest` in the environment of every container beside it, by the convention
 * of Docker's links: `KAFKA_REST_PORT=tcp://10.0.0.1:8082`, which once was taken for the key `port` and stopped the start.
 */
const serviceVariables = /^KAFKA_REST_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)$/;
const serviceAddress = /^(?:tcp|udp|sctp):\/\//;

function isForServer(name: string, value: string): boolean {
  if (!name.startsWith(prefix) || name === prefix || scriptVariables.test(name) || serviceVariables.test(name)) {
    return false;
  }
  return !(name === `${prefix}PORT` && serviceAddress.test(value));
}

/**
 * The configuration keys in an environment, by the rule of Confluent's images: the prefix is dropped, `___` stands
 * for `-`, `__` for `_`, `_` for `.`, and all is lower case. `KAFKA_REST_SLUICE_LOG_LEVEL` is `sluice.log.level`.
 */
export function keysFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && isForServer(name, value)) keys.set(keyOf(name), value);
  }
  return keys;
}

function keyOf(name: string): string {
  return name
    .slice(prefix.length)
    .toLowerCase()
    .replace(/___|__|_/g, (underscores) => ({ ___: '-', __: '_' })[underscores] ?? '.');
}
