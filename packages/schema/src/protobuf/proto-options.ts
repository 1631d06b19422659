import type { Features, Options } from './file-descriptor.ts';
import type { ProtoTokens } from './proto-tokens.ts';

export interface OptionDraft {
  packed?: boolean;
  jsonName?: string;
  defaultValue?: string;
  features?: { -readonly [Name in keyof Features]?: Features[Name] };
}

const featureNames = new Map<string, keyof Features>([
  ['features.field_presence', 'fieldPresence'],
  ['features.enum_type', 'enumType'],
  ['features.repeated_field_encoding', 'repeatedFieldEncoding'],
  ['features.utf8_validation', 'utf8Validation'],
  ['features.message_encoding', 'messageEncoding'],
]);

/**
 * Reads the statement whose `option` has been passed.
 * @throws InvalidSchema
 */
export function readOption(tokens: ProtoTokens, draft: OptionDraft): void {
  readAssignment(tokens, draft);
  tokens.expect(';');
}

/**
 * Reads what may stand in brackets behind a field or the value of an enum.
 * @throws InvalidSchema
 */
export function readOptionList(tokens: ProtoTokens): OptionDraft {
  const draft: OptionDraft = {};
  if (!tokens.skip('[')) return draft;
  do readAssignment(tokens, draft);
  while (tokens.skip(','));
  tokens.expect(']');
  return draft;
}

/** Those of a message, an enum, a field or a file. */
export function optionsOf({ packed, features }: OptionDraft): Options {
  return { packed, features };
}

/**
 * Passes everything up to the closing bracket of one that has been passed. What is between does not matter here.
 * @throws InvalidSchema when it is not there
 */
export function skipBlock(tokens: ProtoTokens): void {
  for (let depth = 1; depth > 0; tokens.next()) {
    if (tokens.at('{') || tokens.at('[')) depth++;
    else if (tokens.at('}') || tokens.at(']')) depth--;
    else if (tokens.kind === 'end') throw tokens.unexpected("'}'");
  }
}

/**
 * Passes a statement: numbers that are reserved, or left to extensions.
 * @throws InvalidSchema when it has no end
 */
export function skipStatement(tokens: ProtoTokens): void {
  while (!tokens.skip(';')) {
    if (tokens.kind === 'end' || tokens.at('}')) throw tokens.unexpected("';'");
    if (tokens.skip('[')) skipBlock(tokens);
    else tokens.next();
  }
}

/** @throws InvalidSchema */
function readAssignment(tokens: ProtoTokens, draft: OptionDraft): void {
  const name = optionName(tokens);
  tokens.expect('=');
  if (tokens.skip('{')) {
    skipBlock(tokens);
    return;
  }
  const isString = tokens.kind === 'string';
  const sign = !isString && tokens.skip('-') ? '-' : '';
  if (tokens.kind === 'symbol' || tokens.kind === 'end') throw tokens.unexpected('the value of an option');
  const value = sign + (isString ? tokens.string('a string') : tokens.next());
  const feature = featureNames.get(name);
  if (feature !== undefined) draft.features = { ...draft.features, [feature]: value };
  else if (name === 'packed') draft.packed = value === 'true';
  else if (name === 'json_name') draft.jsonName = value;
  else if (name === 'default') draft.defaultValue = value;
}

/** A name, with those of extensions in parentheses: `features.field_presence`, `(confluent.field_meta).doc`. */
function optionName(tokens: ProtoTokens): string {
  let name = '';
  do {
    if (name !== '') name += '.';
    if (tokens.skip('(')) {
      name += `(${typeName(tokens)})`;
      tokens.expect(')');
    } else {
      name += tokens.identifier('the name of an option');
    }
  } while (tokens.skip('.'));
  return name;
}

/**
 * Reads a name with dots.
 * @throws InvalidSchema
 */
export function typeName(tokens: ProtoTokens): string {
  let name = tokens.skip('.') ? '.' : '';
  name += tokens.identifier('a name');
  while (tokens.skip('.')) name += `.${tokens.identifier('a name')}`;
  return name;
}
