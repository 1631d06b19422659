import type { RecordFormat } from './record-format.ts';

const QUOTE = 0x22;
const QUOTES_BYTES = 2;

export const binaryFormat: RecordFormat = {
  name: 'binary',
  write: (data, out) => {
    out.reserve(Math.ceil(data.length / 3) * 4 + QUOTES_BYTES);
    out.byte(QUOTE);
    out.ascii(data.toString('base64'));
    out.byte(QUOTE);
  },
};
