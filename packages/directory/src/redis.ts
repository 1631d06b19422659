// Apart from the rest: a proxy that stands alone has no client of Redis in its memory.
export { RedisDirectory, type RedisDirectoryOptions } from './redis-directory.ts';
