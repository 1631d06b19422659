import { InvalidSchema } from '../schema-errors.ts';
import type { ClientPattern } from './client-pattern.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import type { Resource } from './schema-resources.ts';
import type { CompiledSchema } from './validation.ts';
import { classOf, quoted } from './wording.ts';

/** What a place needs of the compiler. */
export interface SubschemaCompiler {
  /** The schema that a node is; compiled later, when it is not yet. */
  subschema(node: Json, resource: Resource, where: string): CompiledSchema;
  /** @throws InvalidSchema when the reference leads nowhere */
  referred(ref: string, place: SchemaPlace): CompiledSchema;
  /** The name that a dynamic reference looks for in the scope; undefined where it is like any other reference. */
  dynamicAnchor(ref: string, place: SchemaPlace): string | undefined;
  /** @throws InvalidSchema when it is no regular expression */
  pattern(text: string, where: string): ClientPattern;
}

/**
 * A schema object, to read keywords from. Each reader returns undefined for a keyword that is absent or that the draft
 * does not have, and throws InvalidSchema where the operand is of the wrong type.
 */
export class SchemaPlace {
  readonly node: JsonObject;
  readonly resource: Resource;
  /** For messages: `#/properties/a`. */
  readonly where: string;
  readonly compiler: SubschemaCompiler;

  constructor(node: JsonObject, resource: Resource, where: string, compiler: SubschemaCompiler) {
    this.node = node;
    this.resource = resource;
    this.where = where;
    this.compiler = compiler;
  }

  has(keyword: string): boolean {
    return Object.hasOwn(this.node, keyword) && this.resource.dialect.knows(keyword);
  }

  operand(keyword: string): Json | undefined {
    return this.has(keyword) ? this.node[keyword] : undefined;
  }

  number(keyword: string): number | undefined {
    const operand = this.operand(keyword);
    if (operand === undefined || typeof operand === 'number') return operand;
    throw this.wrongType(keyword, 'Number', operand);
  }

  /** A number of characters, items or members. */
  count(keyword: string): number | undefined {
    const operand = this.operand(keyword);
    if (operand === undefined || (typeof operand === 'number' && Number.isInteger(operand))) return operand;
    throw this.wrongType(keyword, 'Integer', operand);
  }

  flag(keyword: string): boolean | undefined {
    const operand = this.operand(keyword);
    if (operand === undefined || typeof operand === 'boolean') return operand;
    throw this.wrongType(keyword, 'Boolean', operand);
  }

  text(keyword: string): string | undefined {
    const operand = this.operand(keyword);
    if (operand === undefined || typeof operand === 'string') return operand;
    throw this.wrongType(keyword, 'String', operand);
  }

  array(keyword: string): readonly Json[] | undefined {
    const operand = this.operand(keyword);
    if (operand === undefined || Array.isArray(operand)) return operand;
    throw this.wrongType(keyword, 'JSONArray', operand);
  }

  /** Names of members: `names(this.operand('required'), 'required')`. */
  names(operand: Json | undefined, keyword: string): readonly string[] | undefined {
    if (operand === undefined) return undefined;
    if (!Array.isArray(operand)) throw this.wrongType(keyword, 'JSONArray', operand);
    const other = operand.find((name) => typeof name !== 'string');
    if (other !== undefined) throw this.wrongType(keyword, 'String', other);
    return operand as string[];
  }

  members(keyword: string): [string, Json][] | undefined {
    const operand = this.operand(keyword);
    if (operand === undefined || isObject(operand)) return operand && Object.entries(operand);
    throw this.wrongType(keyword, 'JSONObject', operand);
  }

  schema(keyword: string): CompiledSchema | undefined {
    const operand = this.operand(keyword);
    return operand === undefined ? undefined : this.subschema(operand, keyword);
  }

  schemas(keyword: string): readonly CompiledSchema[] | undefined {
    return this.array(keyword)?.map((node, index) => this.subschema(node, `${keyword}/${index}`));
  }

  namedSchemas(keyword: string): [string, CompiledSchema][] | undefined {
    return this.members(keyword)?.map(([name, node]) => [name, this.subschema(node, `${keyword}/${name}`)]);
  }

  /** @param keyword that it stands in */
  pattern(text: string, keyword: string): ClientPattern {
    return this.compiler.pattern(text, `${this.where}/${keyword}`);
  }

  /** @param path from here to the node, to be read by people only */
  subschema(node: Json, path: string): CompiledSchema {
    return this.compiler.subschema(node, this.resource, `${this.where}/${path}`);
  }

  invalid(keyword: string, problem: string): InvalidSchema {
    return new InvalidSchema(`${quoted(`${this.where}/${keyword}`)}: ${problem}`);
  }

  wrongType(keyword: string, expected: string, found: Json): InvalidSchema {
    return this.invalid(keyword, `expected type: ${expected}, found: ${classOf(found, false)}`);
  }
}
