import {
  type FaultyRegistry,
  type RegistryRequest,
  startFaultyRegistry,
} from '../../../../test/harness/faulty-registry.ts';
import type { SchemaReference, SchemaType } from '../../src/codec.ts';

interface FakeSchema {
  readonly schema: string;
  readonly schemaType?: SchemaType;
  readonly references?: readonly SchemaReference[];
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Where nobody listens: all that is answered is a lie. */
const NOWHERE = 'http://127.0.0.1:1/registry';

/** As much of a registry as its client needs: ids by text, versions by subject, nothing about compatibility. */
export class FakeRegistry {
  /** Subjects in which nothing new is registered. */
  readonly incompatible = new Set<string>();
  readonly #schemas: FakeSchema[] = [];
  readonly #subjects = new Map<string, number[]>();

  /** @returns the id */
  add(subject: string, added: FakeSchema): number {
    const at = this.#schemas.findIndex((known) => JSON.stringify(known) === JSON.stringify(added));
    const id = at < 0 ? this.#schemas.push(added) : at + 1;
    const ids = this.#subjects.get(subject) ?? [];
    if (!ids.includes(id)) ids.push(id);
    this.#subjects.set(subject, ids);
    return id;
  }

  answer({ method, path, body }: RegistryRequest): Answer {
    const [, root, name = '', third, fourth] = path.split('/').map((part) => decodeURIComponent(part));
    if (root === 'schemas') return this.#byId(Number(third));
    if (method === 'GET') return this.#byVersion(name, fourth ?? '');
    const sent = JSON.parse(body) as FakeSchema;
    return third === 'versions' ? this.#register(name, sent) : this.#lookUp(name, sent);
  }

  #byId(id: number): Answer {
    const schema = this.#schemas[id - 1];
    return schema === undefined ? error(404, 40403, `Schema ${id} not found`) : ok(schema);
  }

  #byVersion(subject: string, version: string): Answer {
    const ids = this.#subjects.get(subject);
    if (ids === undefined) return error(404, 40401, `Subject '${subject}' not found.`);
    const number = version === 'latest' ? ids.length : Number(version);
    const id = ids[number - 1];
    return id === undefined ? error(404, 40402, `Version ${version} not found.`) : this.#version(subject, number, id);
  }

  #lookUp(subject: string, sent: FakeSchema): Answer {
    const ids = this.#subjects.get(subject);
    if (ids === undefined) return error(404, 40401, `Subject '${subject}' not found.`);
    const index = ids.findIndex((id) => JSON.stringify(this.#schemas[id - 1]) === JSON.stringify(sent));
    return index < 0 ? error(404, 40403, 'Schema not found') : this.#version(subject, index + 1, ids[index] as number);
  }

  #register(subject: string, sent: FakeSchema): Answer {
    if (this.incompatible.has(subject)) return error(409, 409, `Schema being registered is incompatible`);
    return ok({ id: this.add(subject, sent) });
  }

  #version(subject: string, version: number, id: number): Answer {
    return ok({ subject, id, version, ...this.#schemas[id - 1] });
  }
}

function ok(body: object): Answer {
  return { status: 200, body: JSON.stringify(body) };
}

function error(status: number, code: number, message: string): Answer {
  return { status, body: JSON.stringify({ error_code: code, message }) };
}

export interface FakeRegistryServer {
  readonly fake: FakeRegistry;
  /** Counts its requests, and makes it slow or broken. */
  readonly server: FaultyRegistry;
}

/** The caller closes the server. */
export async function startFakeRegistry(): Promise<FakeRegistryServer> {
  const fake = new FakeRegistry();
  const server = await startFaultyRegistry(NOWHERE);
  server.lie((request) => fake.answer(request));
  return { fake, server };
}
