import type { RecordFormat } from './record-format.ts';

export const binaryFormat: RecordFormat = {
  name: 'binary',
  encode: (data) => `"${data.toString('base64')}"`,
};
