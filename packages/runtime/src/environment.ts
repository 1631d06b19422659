const prefix = 'KAFKA_REST_';

/**
 * Variables of Confluent's start script and image: they steer the JVM or the image's entry point and would
 * otherwise turn up as unknown keys (`heap.opts` and the like). Source: contract D.4.
 */
const scriptVariables = /^KAFKA_REST_(?:HEAP_OPTS|JMX_\w+|JVM_PERFORMANCE_OPTS|OPTS|LOG4J_\w+|CUB_\w+|HOME)$/;

/**
 * The configuration keys in an environment, by the rule of Confluent's images: the prefix is dropped, `___` stands
 * for `-`, `__` for `_`, `_` for `.`, and all is lower case. `KAFKA_REST_SLUICE_LOG_LEVEL` is `sluice.log.level`.
 */
export function keysFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const keys = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || name === prefix || value === undefined || scriptVariables.test(name)) continue;
    keys.set(keyOf(name), value);
  }
  return keys;
}

function keyOf(name: string): string {
  return name
    .slice(prefix.length)
    .toLowerCase()
    .replace(/___|__|_/g, (underscores) => ({ ___: '-', __: '_' })[underscores] ?? '.');
}
