/** Keys of Kafka's clients as the user wrote them, prefix stripped: `client.*`, then the keys of one kind, the later winning. */
export class MergedKeys {
  readonly #entries = new Map<string, { readonly value: string; readonly prefix: string }>();

  constructor(layers: readonly (readonly [prefix: string, keys: Readonly<Record<string, string>>])[]) {
    for (const [prefix, keys] of layers) {
      for (const [name, value] of Object.entries(keys)) this.#entries.set(name, { value: value.trim(), prefix });
    }
  }

  get(name: string): string | undefined {
    return this.#entries.get(name)?.value;
  }

  /** The first of some names that is set; the empty value counts as not set. */
  first(...names: readonly string[]): { readonly name: string; readonly value: string } | undefined {
    for (const name of names) {
      const value = this.get(name);
      if (value !== undefined && value !== '') return { name, value };
    }
    return undefined;
  }

  /** The key as it stands in the file. */
  label(name: string): string {
    const prefix = this.prefix(name);
    return prefix === '' ? name : `${prefix}.${name}`;
  }

  prefix(name: string): string {
    return this.#entries.get(name)?.prefix ?? 'client';
  }

  names(): IterableIterator<string> {
    return this.#entries.keys();
  }
}

/** What is to be said about the keys. A key under `client.` is met once for each kind of client, and named once. */
export class Findings {
  readonly #problems = new Set<string>();
  readonly #warnings = new Set<string>();
  readonly #unknown = new Set<string>();

  problem(text: string): void {
    this.#problems.add(text);
  }

  /** A value that is not allowed. Not for keys that hold secrets. */
  refuse(label: string, value: string, allowed: string): void {
    this.#problems.add(`${label}: '${value}' is not allowed; allowed is ${allowed}`);
  }

  warning(text: string): void {
    this.#warnings.add(text);
  }

  noEffect(label: string, reason: string): void {
    this.#warnings.add(`${label} has no effect: ${reason}`);
  }

  unknown(label: string): void {
    this.#unknown.add(label);
  }

  get problems(): readonly string[] {
    return [...this.#problems];
  }

  get warnings(): readonly string[] {
    if (this.#unknown.size === 0) return [...this.#warnings];
    return [...this.#warnings, `unknown client keys have no effect: ${[...this.#unknown].toSorted().join(', ')}`];
  }
}
