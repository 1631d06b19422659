import { InvalidSchema } from '../schema-errors.ts';
import type { Features, FieldDescriptor, FileDescriptor, Options } from './file-descriptor.ts';

const proto2: Features = {
  fieldPresence: 'EXPLICIT',
  enumType: 'CLOSED',
  repeatedFieldEncoding: 'EXPANDED',
  utf8Validation: 'NONE',
  messageEncoding: 'LENGTH_PREFIXED',
};

const proto3: Features = {
  fieldPresence: 'IMPLICIT',
  enumType: 'OPEN',
  repeatedFieldEncoding: 'PACKED',
  utf8Validation: 'VERIFY',
  messageEncoding: 'LENGTH_PREFIXED',
};

const editions: Features = { ...proto3, fieldPresence: 'EXPLICIT' };

const defaults = new Map([
  ['', proto2],
  ['proto2', proto2],
  ['proto3', proto3],
  ['editions', editions],
]);

/** @throws InvalidSchema for a syntax that is not known */
export function fileFeatures(file: FileDescriptor): Features {
  const features = defaults.get(file.syntax);
  if (features === undefined) throw new InvalidSchema(`unknown syntax "${file.syntax}"`);
  return innerFeatures(features, file.options);
}

/** Of what stands in something with the features `outer`, and says `options` about itself. */
export function innerFeatures(outer: Features, options: Options | undefined): Features {
  return options?.features === undefined ? outer : { ...outer, ...presentOnly(options.features) };
}

/** @param outer of the message, or of the oneof it is a member of */
export function fieldFeatures(outer: Features, field: FieldDescriptor): Features {
  const features: { -readonly [Name in keyof Features]: Features[Name] } = { ...innerFeatures(outer, field.options) };
  const packed = field.options?.packed;
  if (packed !== undefined) features.repeatedFieldEncoding = packed ? 'PACKED' : 'EXPANDED';
  if (field.type === 'TYPE_GROUP') features.messageEncoding = 'DELIMITED';
  if (field.label === 'LABEL_REQUIRED') features.fieldPresence = 'LEGACY_REQUIRED';
  return features;
}

function presentOnly(features: Partial<Features>): Partial<Features> {
  return Object.fromEntries(Object.entries(features).filter(([, value]) => value !== undefined));
}
