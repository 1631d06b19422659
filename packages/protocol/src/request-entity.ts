import type * as z from 'zod';
import { ApiError } from './errors.ts';
import { scanBody } from './json-body.ts';
import { quoteBriefly, unrecognizedField, wrongKind } from './json-coercion.ts';

/** An answer in the words of Confluent's validator: `subscribe.subscription must not be null (was null)`. */
export function violation(path: string, constraint: string, was: string): ApiError {
  return new ApiError('unprocessable', { message: `${path} ${constraint} (was ${quoteBriefly(was)})` });
}

/** What the first thing that zod found wrong means to the client. */
function answerFor(error: z.ZodError, type: string): ApiError {
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') return unrecognizedField(issue.keys[0] ?? '');
  }
  const [issue] = error.issues;
  const isRoot = issue === undefined || issue.path.length === 0;
  const isArray = issue?.code === 'invalid_type' && issue.expected === 'array';
  return wrongKind(isRoot ? type : isArray ? 'List' : 'Object', issue?.input);
}

export interface EntityShape<Body> {
  readonly schema: z.ZodType<Body>;
  /** Confluent's name for the body, which its messages carry. */
  readonly type: string;
}

/**
 * Reads a small JSON body.
 * @param body the bytes as received
 * @param depthMax how deep the JSON may nest
 * @returns undefined when there is no entity: an empty body, or null
 * @throws ApiError badRequest for what is no JSON or has the wrong shape, unprocessable for an unknown property
 */
export function readEntity<Body>(body: Buffer, depthMax: number, shape: EntityShape<Body>): Body | undefined {
  const entity = scanBody(body, depthMax, (scanner): unknown => {
    if (scanner.atEnd()) return undefined;
    scanner.scanValue();
    scanner.expectEnd();
    return JSON.parse(body.toString('utf8'));
  });
  if (entity === undefined || entity === null) return undefined;
  const result = shape.schema.safeParse(entity, { reportInput: true });
  if (!result.success) throw answerFor(result.error, shape.type);
  return result.data;
}
