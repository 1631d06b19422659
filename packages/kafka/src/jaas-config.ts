/** The one login module of a JAAS configuration: its class name without the package, and its options. */
export interface LoginModule {
  readonly name: string;
  readonly options: ReadonlyMap<string, string>;
}

const token = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"'=;]+)|([=;]))/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

interface Token {
  readonly text: string;
  readonly mark: boolean;
}

/**
 * Reads `sasl.jaas.config`: `package.Class flag key="value" key='value' key=value;`, exactly one module.
 * Source: Kafka's JaasConfig, which reads it with java.io.StreamTokenizer: values in quotes know backslash escapes.
 *
 * @throws Error saying what stands wrong, without the text itself: it holds passwords.
 */
export function parseJaasConfig(text: string): LoginModule {
  const tokens = tokenize(text);
  const [className, flag, ...rest] = tokens;
  if (className === undefined || className.mark) throw new Error('the class of a login module is missing');
  if (flag === undefined || !/^(?:required|requisite|sufficient|optional)$/i.test(flag.text)) {
    throw new Error('required, requisite, sufficient or optional must follow the class of the login module');
  }
  return { name: className.text.slice(className.text.lastIndexOf('.') + 1), options: readOptions(rest) };
}

/** `key = value` as often as it comes, then one semicolon and nothing more. */
function readOptions(tokens: readonly Token[]): Map<string, string> {
  const end = tokens.findIndex(({ text, mark }) => mark && text === ';');
  if (end === -1) throw new Error('a semicolon must stand at the end');
  if (end < tokens.length - 1) throw new Error('there must be exactly one login module');
  const options = new Map<string, string>();
  for (let at = 0; at < end; at += 3) {
    const [key, equals, value] = tokens.slice(at, Math.min(at + 3, end));
    const wellFormed = key?.mark === false && equals?.mark === true && value?.mark === false;
    if (!wellFormed) throw new Error(`option ${at / 3 + 1} of the login module is not of the form key="value"`);
    options.set(key.text, value.text);
  }
  return options;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  const end = text.trimEnd().length;
  while (token.lastIndex < end) {
    const from = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new Error(`a quotation mark after character ${from} is not closed`);
    const [, double, single, plain, mark] = match;
    const quoted = double ?? single;
    if (mark !== undefined) tokens.push({ text: mark, mark: true });
    else if (quoted === undefined) tokens.push({ text: plain ?? '', mark: false });
    else tokens.push({ text: quoted.replace(/\\(.)/gs, (_all, one: string) => escapes[one] ?? one), mark: false });
  }
  return tokens;
}
