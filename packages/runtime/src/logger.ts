import { type DestinationStream, pino, destination as standardOutput, stdSerializers } from 'pino';
import type { LogLevel } from './config.ts';

/** What the rest of the code writes its log with: fields first, then a sentence that never holds record content. */
export interface Logger {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
  /** A logger that adds these fields to every entry. */
  child(fields: object): Logger;
  /** Whether entries of this level are written: to save the cost of making one. */
  isLevelEnabled(level: string): boolean;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where the lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/** Names under which secrets travel, at the top of an entry and one level below it. */
const secretFields = ['authorization', 'cookie', 'password', 'secret', 'token', 'sasl.jaas.config', 'sasl.password'];

/**
 * A logger of JSON lines. Errors under `error` or `err` are written with their stack and cause.
 *
 * Writing is synchronous: what was logged before a crash is on the terminal, and a log that nobody reads holds the
 * process up rather than filling its memory.
 */
export function createLogger(options: LoggerOptions): Logger {
  const quoted = secretFields.map((field) => `["${field}"]`);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: stdSerializers.err, err: stdSerializers.err },
      redact: { paths: [...quoted, ...quoted.map((field) => `*${field}`)], censor: '[hidden]' },
    },
    options.destination ?? standardOutput({ fd: 1, sync: true }),
  );
}
