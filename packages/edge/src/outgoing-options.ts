/** What `http-proxy` copies from its target, though there is nothing to copy: TLS is the agent's business. */
const UNUSED = [
  'hostname',
  'socketPath',
  'pfx',
  'key',
  'passphrase',
  'cert',
  'ca',
  'ciphers',
  'secureProtocol',
  'localAddress',
] as const;

const deaf = {};
for (const name of UNUSED) {
  Object.defineProperty(deaf, name, {
    get: () => undefined,
    set() {
      // Nothing to do.
    },
  });
}

/**
 * The object that http-proxy fills in and gives to `http.request` (its option `ssl`). Whatever is in there Node copies
 * three times for each request: so what is of no use does not get in.
 */
export function outgoingOptions(): object {
  return Object.create(deaf) as object;
}
