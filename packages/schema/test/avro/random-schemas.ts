import fc from 'fast-check';

/** A schema, and the JSON values that it takes, both in Avro's JSON encoding. */
interface Sample {
  readonly schema: unknown;
  readonly value: unknown;
}

/** What a schema is made from: names are given afterwards, as each may only be defined once. */
interface Shape {
  readonly kind: string;
  readonly parts: readonly Shape[];
  readonly size: number;
}

const primitiveKinds = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

const leaf: fc.Arbitrary<Shape> = fc.record({
  kind: fc.constantFrom(...primitiveKinds, 'enum', 'fixed'),
  parts: fc.constant([]),
  size: fc.nat({ max: 3 }),
});

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('record', 'array', 'map', 'union'),
      parts: fc.array(tie('shape'), { minLength: 1, maxLength: 4 }),
      size: fc.constant(0),
    }),
  ),
}));

/** A record of random types, with a value. Numbers are such as JavaScript holds, so that other libraries can follow. */
export const sample: fc.Arbitrary<Sample> = fc.array(shape, { minLength: 1, maxLength: 6 }).chain((parts) => {
  const schema = new SchemaMaker().make({ kind: 'record', parts, size: 0 });
  return valueOf(schema).map((value) => ({ schema, value }));
});

type Schema = string | readonly Schema[] | { readonly type: string; readonly [attribute: string]: unknown };

class SchemaMaker {
  #count = 0;

  make({ kind, parts, size }: Shape): Schema {
    const name = `${size % 2 === 0 ? 'n.s' : 'm'}.T${this.#count++}`;
    switch (kind) {
      case 'record':
        return { type: kind, name, fields: parts.map((part, index) => ({ name: `f${index}`, type: this.make(part) })) };
      case 'enum':
        return { type: kind, name, symbols: Array.from({ length: size + 1 }, (_, index) => `S${index}`) };
      case 'fixed':
        return { type: kind, name, size };
      case 'array':
        return { type: kind, items: this.make(parts[0] as Shape) };
      case 'map':
        return { type: kind, values: this.make(parts[0] as Shape) };
      case 'union':
        return this.#union(parts);
      default:
        return kind;
    }
  }

  /** Each kind once, and no union in it. */
  #union(parts: readonly Shape[]): Schema {
    const branches = new Map(parts.filter(({ kind }) => kind !== 'union').map((part) => [part.kind, part]));
    return branches.size === 0 ? ['null'] : [...branches.values()].map((branch) => this.make(branch));
  }
}

const latin1 = (constraints: fc.IntArrayConstraints): fc.Arbitrary<string> =>
  fc.uint8Array(constraints).map((bytes) => Buffer.from(bytes).toString('latin1'));
/** JSON has no other zero in JavaScript. */
const positiveZero = (value: number): number => (value === 0 ? 0 : value);

const primitives: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  // avsc writes others wrong; that they are exact is tested elsewhere.
  long: fc.maxSafeInteger().map((value) => positiveZero(Math.trunc(value / 2))),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }).map(positiveZero),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map(positiveZero),
  bytes: latin1({ maxLength: 80 }),
  string: fc.string({ unit: 'binary', maxLength: 80 }),
};

function valueOf(schema: Schema): fc.Arbitrary<unknown> {
  if (typeof schema === 'string') return primitives[schema] as fc.Arbitrary<unknown>;
  if (Array.isArray(schema)) return fc.oneof(...(schema as readonly Schema[]).map(branchOf));
  const { type, ...attributes } = schema as Exclude<Schema, string | readonly Schema[]>;
  switch (type) {
    case 'record': {
      const fields = attributes['fields'] as readonly { readonly name: string; readonly type: Schema }[];
      return fc.record(Object.fromEntries(fields.map((field) => [field.name, valueOf(field.type)])));
    }
    case 'enum':
      return fc.constantFrom(...(attributes['symbols'] as readonly string[]));
    case 'fixed':
      return latin1({ minLength: attributes['size'] as number, maxLength: attributes['size'] as number });
    case 'array':
      return fc.array(valueOf(attributes['items'] as Schema), { maxLength: 4 });
    default:
      return fc.dictionary(
        fc.string({ unit: 'binary' }).map((key) => `k${key}`),
        valueOf(attributes['values'] as Schema),
        {
          maxKeys: 4,
          noNullPrototype: true,
        },
      );
  }
}

function branchOf(branch: Schema): fc.Arbitrary<unknown> {
  if (branch === 'null') return fc.constant(null);
  const { name, type } = branch as { readonly name?: string; readonly type: string };
  const label = typeof branch === 'string' ? branch : (name ?? type);
  return valueOf(branch).map((value) => ({ [label]: value }));
}
