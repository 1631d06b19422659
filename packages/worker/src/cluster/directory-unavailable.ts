import { DirectoryUnavailable } from '@sluice/directory';
import { ApiError } from '@sluice/protocol';
import { NotHeld } from '../sessions/not-held.ts';

/** No instance can be made now. @throws ApiError 503, or what is no outage of the directory */
export function noneMade(error: unknown): never {
  if (!(error instanceof DirectoryUnavailable)) throw error;
  throw new ApiError('unavailable', {
    message: 'Redis does not answer, and without it no consumer instance can be made. Try again.',
    retryAfterSeconds: 1,
    cause: error,
  });
}

/** Where it is cannot be told now: whoever asks may ask again soon. @throws NotHeld, or what is no outage of the directory */
export function laterElsewhere(error: unknown): never {
  if (!(error instanceof DirectoryUnavailable)) throw error;
  throw new NotHeld(undefined, { moving: true });
}
