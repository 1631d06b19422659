import { describe, expect, it } from 'vitest';
import { RespReader } from './resp-reader.ts';

const read = (...pieces: string[]): string[][] => {
  const reader = new RespReader();
  return pieces.flatMap((piece) => reader.read(Buffer.from(piece)));
};

describe('the reader of the Redis protocol', () => {
  it('tells commands of a pipeline apart, and their first words', () => {
    const pipeline = '*3\r\n$4\r\nHGET\r\n$1\r\nk\r\n$1\r\nf\r\n*1\r\n$4\r\nPING\r\n';
    expect(read(pipeline)).toEqual([['HGET', 'k'], ['PING']]);
  });

  it('finds the same in pieces of any length', () => {
    const pipeline = '*3\r\n$4\r\nHGET\r\n$2\r\n\r\n\r\n$1\r\nf\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n';
    expect(read(...pipeline.split(''))).toEqual([
      ['HGET', '\r\n'],
      ['GET', ''],
    ]);
  });

  it('counts an answer once, whatever it holds', () => {
    expect(read('+OK\r\n', ':1\r\n', '$-1\r\n', '*-1\r\n', '*0\r\n', '-ERR no\r\n')).toHaveLength(6);
    expect(read('*2\r\n*2\r\n:1\r\n$1\r\nx\r\n*0\r\n', '+OK\r\n')).toHaveLength(2);
    expect(read('%1\r\n+a\r\n*1\r\n:1\r\n', '_\r\n')).toHaveLength(2);
  });
});
