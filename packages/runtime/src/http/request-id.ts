import { randomBytes } from 'node:crypto';

const ACCEPTED = /^[\x21-\x7e]{1,128}$/;
const prefix = randomBytes(6).toString('hex');
let count = 0;

/** The client's own id if it is a short visible text (it goes into headers and logs), else a new one. */
export function requestId(header: string | string[] | undefined): string {
  if (typeof header === 'string' && ACCEPTED.test(header)) return header;
  count += 1;
  return `${prefix}-${count.toString(36)}`;
}
