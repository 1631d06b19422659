import { listSettings } from '../../packages/runtime/src/index.ts';

/** What became of a key when it was tried. */
export interface KeyFate {
  readonly key: string;
  /** Confluent's, of a key of the server. */
  readonly theirs?: string | undefined;
  /** Of a key of Kafka's clients: the settings of the client libraries that it changes, by the kind of client. */
  readonly changes?: ReadonlyMap<string, readonly string[]>;
  /** Why it has no effect. */
  readonly reason?: string;
  /** A value that stops the start. */
  readonly stops?: string;
}

const settings = new Map(listSettings().map((setting) => [setting.key, setting]));
const code = (text: string): string => (text === '' ? '' : `\`${text}\``);

function meaningOf({ key, theirs }: KeyFate): string {
  if (key.startsWith('listener.name.')) {
    return 'Each key of `ssl.` may stand behind `listener.name.NAME.`, for the listener of this name.';
  }
  const setting = settings.get(key);
  if (setting === undefined) return 'As the key of this name under `client.`, for connections to the registry.';
  const { description, defaultText } = setting;
  const isSame = defaultText.toLowerCase() === theirs?.toLowerCase();
  return isSame ? description : `${description} Default here: ${code(defaultText) || 'nothing'}.`;
}

function changesOf(changes: ReadonlyMap<string, readonly string[]>): string {
  if (changes.size === 0) return 'read by the server itself';
  return [...changes].map(([kind, names]) => `${kind}: ${names.map(code).join(', ')}`).join('; ');
}

function fateOf(fate: KeyFate): string {
  if (fate.stops !== undefined) return `${code(fate.stops)}, for one: ${fate.reason}`;
  if (fate.reason !== undefined) return `no effect: ${fate.reason}`;
  return fate.changes === undefined ? meaningOf(fate) : changesOf(fate.changes);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function ofServer(fates: readonly KeyFate[]): string {
  const rows = fates.map((fate) => [code(fate.key), code(fate.theirs ?? ''), fateOf(fate)]);
  return table(['key', 'default there', 'here'], rows);
}

function ofClients(fates: readonly KeyFate[]): string {
  return table(
    ['key', 'here'],
    fates.map((fate) => [code(fate.key), fateOf(fate)]),
  );
}

const isOfRegistry = ({ key }: KeyFate): boolean => key.startsWith('schema.registry.');

/** The page that says what becomes of each key, from what was seen. */
export function configurationPage(fates: readonly KeyFate[]): string {
  const server = fates.filter((fate) => fate.theirs !== undefined && !isOfRegistry(fate));
  return `# Confluent's configuration keys, and what becomes of them

Each key that Confluent REST Proxy knows, with its own default and what it does in Sluice. A start with a key was tried for each
line by [configuration.test.ts](configuration.test.ts), which writes this page anew when it is run with \`-u\`. Keys that begin with
\`sluice.\` stand in [the README of runtime](../../packages/runtime/README.md#configuration), with what is allowed for each key.

- A bad value stops the start. All problems are told at once, each with key, value and what is allowed.
- A key without effect is named in a warning at the start, with the reason that stands here.
- A key that asks for a protection which is not there stops the start, unless its value asks for nothing.
- What nobody knows is named, too: misspelt keys are found.
- In the environment \`KAFKA_REST_HOST_NAME\` is \`host.name\`: \`_\` stands for \`.\`, \`__\` for \`_\`, \`___\` for \`-\`.

## Keys of the server

### With an effect

${ofServer(server.filter(({ reason }) => reason === undefined))}
### Without effect

${ofServer(server.filter(({ reason, stops }) => reason !== undefined && stops === undefined))}
### That stop the start

Confluent's default asks for nothing, and does not.

${ofServer(server.filter(({ stops }) => stops !== undefined))}
## The schema registry

The keys of its login, of subjects and of schemas are also found under \`client.\`, \`producer.\` and \`consumer.\`, with \`schema.registry.\`
or without.

${ofServer(fates.filter(isOfRegistry))}
## Kafka's clients

Keys of Java's clients, under \`client.\` for all of them, and under \`producer.\`, \`consumer.\` or \`admin.\` for one kind, which win.
A line shows the settings of librdkafka (for \`admin\`: of its own library) that a key goes to. librdkafka's own keys are taken, too.

${ofClients(fates.filter(({ theirs }) => theirs === undefined))}`;
}
