import { Redis } from 'ioredis';
import { vi } from 'vitest';

type Command = Parameters<Redis['sendCommand']>[0];
type Send = (...parameters: Parameters<Redis['sendCommand']>) => unknown;

/** Has something done around each command to Redis, until all mocks are restored. */
export function aroundCommands(around: (command: Command, send: () => unknown) => Promise<unknown>): void {
  const original: Send = Reflect.get(Redis.prototype, 'sendCommand');
  vi.spyOn(Redis.prototype, 'sendCommand').mockImplementation(function sendLater(this: Redis, command, stream) {
    return around(command, () => Reflect.apply(original, this, [command, stream]));
  });
}
