import { InvalidSchema } from '../schema-errors.ts';
import { assumedDialect, type Dialect, dialectOf, schemeless } from './dialect.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { type MetaSchemaFamily, metaSchemaFamily } from './meta-schemas.ts';
import type { CompiledSchema, DynamicResource } from './validation.ts';
import { quoted } from './wording.ts';

/** A document, or a schema with an id inside of one: what a URI without a fragment names. */
export interface Resource extends DynamicResource {
  readonly uri: string;
  readonly root: Json;
  readonly dialect: Dialect;
  /** The one that the whole document is. */
  readonly document: Resource | undefined;
  readonly anchors: Map<string, JsonObject>;
  /** Those of the anchors that `$dynamicRef` looks for; `RECURSIVE_ANCHOR` for `$recursiveAnchor` of 2019-09. */
  readonly dynamicAnchors: Map<string, JsonObject>;
  readonly dynamicSchemas: Map<string, CompiledSchema>;
}

/** What a `$ref` leads to. */
export interface Located {
  readonly node: Json;
  readonly resource: Resource;
  /** For messages. */
  readonly where: string;
}

/** The name that the root of a resource with `$recursiveAnchor` has among the anchors: no other can be empty. */
export const RECURSIVE_ANCHOR = '';

/** Subschemas of all documents together: each takes some microseconds and a kilobyte. */
const SUBSCHEMAS_MAX = 20_000;

/** Every relative URI is told again with what it is relative to. */
const URI_CHARS_MAX = 2000;

/** What a document without an id is relative to. */
const BASE_URI = 'schema://registry/';

/** Where subschemas stand: in the keyword itself or its array (`one`), or in the members of its object (`members`). */
const holders = new Map<string, 'one' | 'members'>([
  ...holding('one', 'additionalItems additionalProperties allOf anyOf contains contentSchema else if items not oneOf'),
  ...holding('one', 'prefixItems propertyNames then unevaluatedItems unevaluatedProperties'),
  ...holding('members', '$defs definitions dependencies dependentSchemas patternProperties properties'),
]);

function holding<T extends string>(what: T, keywords: string): [string, T][] {
  return keywords.split(' ').map((keyword) => [keyword, what]);
}

function resolveUri(uri: string, base: string): string | undefined {
  try {
    return new URL(uri, base).href;
  } catch {
    return undefined;
  }
}

/** How messages call a place. */
function place({ uri }: Resource, fragment: string): string {
  return `${uri.startsWith(BASE_URI) ? uri.slice(BASE_URI.length) : uri}#${fragment}`;
}

/** The part before the first `#`, and the one behind it without its escapes. */
function splitFragment(ref: string): { uri: string; fragment: string } {
  const hash = ref.indexOf('#');
  if (hash < 0) return { uri: ref, fragment: '' };
  const fragment = ref.slice(hash + 1);
  try {
    return { uri: ref.slice(0, hash), fragment: decodeURIComponent(fragment) };
  } catch {
    return { uri: ref.slice(0, hash), fragment };
  }
}

/**
 * All documents that a schema may refer to, and what in them has a name. Nothing is ever fetched: what is not among
 * the references is unknown, meta-schemas aside.
 */
export class SchemaResources {
  readonly root: Resource;
  readonly all: Resource[] = [];
  readonly #byUri = new Map<string, Resource>();
  /** Documents by the names that they are registered as references under. */
  readonly #byName = new Map<string, Resource>();
  readonly #resourceOf = new Map<JsonObject, Resource>();
  readonly #metaSchemas = new Set<MetaSchemaFamily>();
  /** Of the user's own documents, to find meta-schemas before anything else is known. */
  readonly #documents: ReadonlyMap<string, Json>;

  /**
   * @param documents the references, by name
   * @throws InvalidSchema when there are too many subschemas
   */
  constructor(root: Json, documents: ReadonlyMap<string, Json>) {
    this.#documents = documents;
    this.root = this.#addDocument(root, BASE_URI, assumedDialect);
    for (const [name, document] of documents) {
      // Confluent resolves the names of references against the id of the schema that has them.
      const uri = resolveUri(name, this.root.uri) ?? resolveUri(name, BASE_URI) ?? BASE_URI;
      const resource = this.#addDocument(document, uri, this.root.dialect);
      if (!this.#byUri.has(uri)) this.#byUri.set(uri, resource);
      this.#byName.set(name, resource);
    }
  }

  /** The resource that a subschema stands in; undefined for what nobody has found to be one. */
  resourceOf(node: JsonObject): Resource | undefined {
    return this.#resourceOf.get(node);
  }

  /** @returns undefined when it leads nowhere */
  resolve(ref: string, from: Resource): Located | undefined {
    const { uri, fragment } = splitFragment(ref);
    const resource = uri === '' ? from : this.#find(uri, from);
    if (resource === undefined) return undefined;
    if (fragment === '') return { node: resource.root, resource, where: place(resource, '') };
    if (!fragment.startsWith('/')) {
      const node = resource.anchors.get(fragment);
      return node && { node, resource, where: place(resource, fragment) };
    }
    // Confluent's validator looks for pointers in the whole document, whatever ids stand on the way.
    return this.#pointedTo(resource, fragment) ?? (resource.document && this.#pointedTo(resource.document, fragment));
  }

  #find(uri: string, from: Resource): Resource | undefined {
    const absolute = resolveUri(uri, from.uri);
    const found = (absolute === undefined ? undefined : this.#byUri.get(absolute)) ?? this.#byName.get(uri);
    if (found !== undefined || absolute === undefined) return found;
    const metaSchema = this.#findMetaSchema(schemeless(absolute));
    if (metaSchema !== undefined) this.#byUri.set(absolute, metaSchema);
    return metaSchema;
  }

  #findMetaSchema(id: string): Resource | undefined {
    const family = metaSchemaFamily(id);
    if (family === undefined) return undefined;
    if (!this.#metaSchemas.has(family)) {
      this.#metaSchemas.add(family);
      for (const metaSchema of family.load()) this.#addDocument(metaSchema, BASE_URI, this.root.dialect);
    }
    return this.all.find(({ uri }) => schemeless(uri) === id);
  }

  #pointedTo(from: Resource, pointer: string): Located | undefined {
    let node = from.root;
    let resource = from;
    for (const token of pointer.slice(1).split('/')) {
      const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined;
      node = (node as JsonObject)[name] as Json;
      if (isObject(node)) resource = this.#resourceOf.get(node) ?? resource;
    }
    // It may stand where no subschema is looked for: in a keyword that nobody knows.
    this.#index(node, resource);
    if (isObject(node)) resource = this.#resourceOf.get(node) ?? resource;
    return { node, resource, where: place(from, pointer) };
  }

  #addDocument(root: Json, uri: string, outer: Dialect): Resource {
    const dialect = dialectOf(root, outer, (metaSchema) => this.#documents.get(metaSchema));
    const document = this.#open(root, uri, dialect, undefined);
    if (isObject(root)) this.#indexInside(root, document);
    return document;
  }

  #open(root: Json, base: string, dialect: Dialect, document: Resource | undefined): Resource {
    const id = isObject(root) ? root[dialect.idKeyword] : undefined;
    const uri = typeof id === 'string' ? (resolveUri(splitFragment(id).uri, base) ?? base) : base;
    if (uri.length > URI_CHARS_MAX) throw new InvalidSchema(`An id is longer than ${URI_CHARS_MAX} characters`);
    const names = { anchors: new Map(), dynamicAnchors: new Map(), dynamicSchemas: new Map() };
    const resource: Resource = { uri, root, dialect, document, ...names };
    this.all.push(resource);
    if (!this.#byUri.has(uri)) this.#byUri.set(uri, resource);
    return resource;
  }

  #index(node: Json, outer: Resource): void {
    if (!isObject(node) || this.#resourceOf.has(node)) return;
    this.#indexInside(node, this.#opensResource(node, outer) ? this.#openInside(node, outer) : outer);
  }

  #opensResource(node: JsonObject, { dialect }: Resource): boolean {
    const id = node[dialect.idKeyword];
    // Before 2019-09 an id may be the name of an anchor alone.
    return typeof id === 'string' && !id.startsWith('#') && !(dialect.isRefAlone && Object.hasOwn(node, '$ref'));
  }

  #openInside(node: JsonObject, outer: Resource): Resource {
    const dialect = dialectOf(node, outer.dialect, (metaSchema) => this.#documents.get(metaSchema));
    return this.#open(node, outer.uri, dialect, outer.document ?? outer);
  }

  #indexInside(node: JsonObject, resource: Resource): void {
    this.#resourceOf.set(node, resource);
    if (this.#resourceOf.size > SUBSCHEMAS_MAX) {
      throw new InvalidSchema(`More than ${SUBSCHEMAS_MAX} subschemas, in it and what it refers to`);
    }
    this.#nameAnchors(node, resource);
    for (const keyword of Object.keys(node)) {
      const holder = holders.get(keyword);
      const operand = node[keyword] as Json;
      if (holder === undefined || typeof operand !== 'object' || operand === null) continue;
      if (holder === 'one' && !Array.isArray(operand)) this.#index(operand, resource);
      else for (const inner of Object.values(operand)) this.#index(inner, resource);
    }
  }

  #nameAnchors(node: JsonObject, resource: Resource): void {
    const { dialect, anchors, dynamicAnchors } = resource;
    const id = node[dialect.idKeyword];
    if (dialect.draft <= 7 && typeof id === 'string') {
      const { fragment } = splitFragment(id);
      if (fragment !== '' && !Object.hasOwn(node, '$ref')) anchors.set(fragment, node);
    }
    for (const keyword of ['$anchor', '$dynamicAnchor']) {
      const name = dialect.knows(keyword) ? node[keyword] : undefined;
      if (typeof name !== 'string') continue;
      anchors.set(name, node);
      if (keyword === '$dynamicAnchor') dynamicAnchors.set(name, node);
    }
    if (dialect.knows('$recursiveAnchor') && node === resource.root && node['$recursiveAnchor'] === true) {
      dynamicAnchors.set(RECURSIVE_ANCHOR, node);
    }
  }
}

/** A `$ref` that leads nowhere. */
export function unresolved(ref: string, where: string): InvalidSchema {
  return new InvalidSchema(
    `${quoted(where)}: "${quoted(ref)}" is not in this schema, nor in one that it is registered with as a reference`,
  );
}
