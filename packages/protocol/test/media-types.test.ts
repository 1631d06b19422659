import {
  mediaTypes,
  negotiateRequest,
  negotiateResponse,
  type Route,
  routes,
  unsupportedMediaTypeContentType,
} from '@sluice/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAccept, parseContentType } from '../src/media-types.ts';

function routeOf(operation: string): Route {
  const route = routes.find((candidate) => candidate.operation === operation);
  if (route === undefined) throw new Error(`no route ${operation}`);
  return route;
}

const { v2, binary, json, avro } = mediaTypes;
const topics = routeOf('topics.list');
const produce = routeOf('produce-to-topic');
const create = routeOf('consumers.create');
const records = routeOf('consumers.consume');

function requestType(route: Route, header: string | undefined): string {
  const outcome = negotiateRequest(route, header);
  return outcome.kind === 'accepted' ? outcome.mediaType : outcome.kind;
}

function responseType(route: Route, header: string | undefined): string {
  const outcome = negotiateResponse(route, header);
  if (outcome.kind !== 'accepted') return outcome.kind;
  return outcome.unspecified ? `${outcome.mediaType} (unspecified)` : outcome.mediaType;
}

describe('the Content-Type of a request', () => {
  it.each([
    ['application/vnd.kafka.v2+json', 'application/vnd.kafka.v2+json'],
    ['Application/VND.Kafka.V2+JSON ; charset="utf-8;x"', 'application/vnd.kafka.v2+json'],
    ['text/plain;', 'text/plain'],
    ['*/*', '*/*'],
  ])('is read from %j', (header, expected) => {
    expect(parseContentType(header)).toBe(expected);
  });

  it.each(['json', '/json', 'application/', 'a b/c', 'a/b; charset', 'a/b; x="open', '*/json', 'a/b;=x'])(
    'is malformed in %j',
    (header) => {
      expect(parseContentType(header)).toBeUndefined();
      expect(requestType(topics, header)).toBe('malformed');
    },
  );

  it('is the default of the route when there is none: binary for produce', () => {
    expect(requestType(produce, undefined)).toBe(binary);
    expect(requestType(produce, '')).toBe(binary);
    expect(requestType(topics, undefined)).toBe(v2);
    expect(requestType(create, undefined)).toBe(v2);
  });

  it('must be one of the route, on GET and DELETE as well', () => {
    expect(requestType(topics, v2)).toBe(v2);
    expect(requestType(topics, 'application/json')).toBe('unsupported');
    expect(requestType(topics, json)).toBe('unsupported');
    expect(requestType(produce, v2)).toBe('unsupported');
    expect(requestType(produce, 'application/octet-stream')).toBe('unsupported');
    expect(requestType(produce, 'application/x-www-form-urlencoded')).toBe('unsupported');
    expect(requestType(routeOf('consumers.delete'), 'application/json')).toBe('unsupported');
    expect(requestType(records, avro)).toBe(avro);
  });

  it('ignores case and parameters', () => {
    expect(requestType(produce, 'APPLICATION/vnd.kafka.JSON.v2+json; charset=utf-8')).toBe(json);
  });

  it('may be a wildcard, which means the default', () => {
    expect(requestType(produce, '*/*')).toBe(binary);
    expect(requestType(produce, 'application/*')).toBe(binary);
    expect(requestType(produce, 'text/*')).toBe('unsupported');
  });

  it('is not looked at for GET /brokers', () => {
    expect(requestType(routeOf('brokers.list'), 'text/plain')).toBe(v2);
  });

  it('says which embedded format it stands for', () => {
    expect(negotiateRequest(produce, mediaTypes.jsonschema)).toMatchObject({ format: 'jsonschema' });
    expect(negotiateRequest(produce, undefined)).toMatchObject({ format: 'binary' });
  });
});

describe('the Accept header', () => {
  it.each([
    [undefined, `${v2} (unspecified)`],
    ['', `${v2} (unspecified)`],
    ['*/*', `${v2} (unspecified)`],
    [v2, v2],
    [`text/html;q=.9, ${v2};q=.5, application/json;q=.8`, v2],
    ['application/json, text/plain, */*', `${v2} (unspecified)`],
    ['text/html, image/gif, *; q=.2, */*; q=.2', `${v2} (unspecified)`],
    ['application/json', 'notAcceptable'],
    ['application/vnd.kafka+json', 'notAcceptable'],
    ['application/vnd.kafka.v1+json', 'notAcceptable'],
    ['text/plain', 'notAcceptable'],
    [json, 'notAcceptable'],
  ])('%j on a metadata route gives %j', (header, expected) => {
    expect(responseType(topics, header)).toBe(expected);
  });

  it.each([
    [avro, avro],
    [`${avro}, ${v2}`, v2],
    [`${avro};q=0.9, ${v2};q=0.5`, avro],
    [`${json}, ${avro}`, json],
    ['*/*', `${v2} (unspecified)`],
  ])('%j on a consumer route gives %j', (header, expected) => {
    expect(responseType(create, header)).toBe(expected);
  });

  it.each([
    [undefined, `${binary} (unspecified)`],
    ['*/*', `${binary} (unspecified)`],
    ['application/*', `${binary} (unspecified)`],
    ['application/json, text/plain, */*', `${binary} (unspecified)`],
    [json, json],
    [v2, v2],
    [`${v2}, ${json}`, v2],
    [`${json};q=0.9, ${v2};q=0.8`, json],
    [`${json}, ${binary}`, binary],
    [`${json}, */*;q=0.1`, json],
    ['application/json', 'notAcceptable'],
  ])('%j on a read gives %j', (header, expected) => {
    expect(responseType(records, header)).toBe(expected);
  });

  it('leaves the choice to the consumer instance where Confluent lets a wildcard beat the named format', () => {
    expect(responseType(records, `${json}, */*`)).toBe(`${binary} (unspecified)`);
  });

  it('prefers a named type to a wildcard of the same weight', () => {
    expect(responseType(topics, `*/*, ${v2}`)).toBe(v2);
    expect(responseType(topics, `${v2}, */*`)).toBe(v2);
  });

  it('never gives a type that q=0 excludes', () => {
    expect(responseType(records, `*/*, ${binary};q=0`)).toBe(`${v2} (unspecified)`);
    expect(responseType(topics, `${v2};q=0`)).toBe('notAcceptable');
    expect(responseType(topics, `*/*, ${v2};q=0`)).toBe('notAcceptable');
    // The most specific range decides.
    expect(responseType(topics, '*/*, application/*;q=0')).toBe('notAcceptable');
    expect(responseType(topics, `${v2}, application/*;q=0`)).toBe(v2);
  });

  it.each(['json', 'a/b;q=x', 'a/b;q=1.5', 'a/b;q=', 'a/b;q=-1', 'a/b;x', '*/b', '"a/b', 'a/b, c'])(
    '%j is malformed',
    (header) => {
      expect(parseAccept(header)).toBeUndefined();
      expect(responseType(topics, header)).toBe('malformed');
    },
  );

  it('keeps quoted commas and semicolons inside their parameter', () => {
    expect(parseAccept('a/b;x="1,2;q=0";q=0.5, c/d')).toEqual([
      { type: 'a', subtype: 'b', q: 0.5, text: 'a/b;x="1,2;q=0";q=0.5' },
      { type: 'c', subtype: 'd', q: 1, text: 'c/d' },
    ]);
  });
});

describe('negotiation as a rule', () => {
  const offered = fc.constantFrom(...Object.values(mediaTypes));

  it('answers one concrete offered type with exactly that type', () => {
    fc.assert(
      fc.property(fc.constantFrom(...routes), offered, (route, mediaType) => {
        const isOffered = route.produces.some((offer) => offer.mediaType === mediaType);
        expect(responseType(route, mediaType)).toBe(isOffered ? mediaType : 'notAcceptable');
      }),
    );
  });

  it('always prefers the type to which the client gave the strictly higher q', () => {
    fc.assert(
      fc.property(offered, offered, fc.integer({ min: 2, max: 9 }), (first, second, tenths) => {
        fc.pre(first !== second);
        const header = `${second};q=0.${tenths - 1}, ${first};q=0.${tenths}`;
        expect(responseType(records, header)).toBe(first);
      }),
    );
  });

  it('gives the same outcome whatever was asked before, and survives any header', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 5 }), (headers) => {
        for (const header of headers) {
          expect(negotiateResponse(records, header)).toEqual(negotiateResponse(records, header));
          expect(negotiateRequest(produce, header)).toEqual(negotiateRequest(produce, header));
        }
      }),
    );
  });

  it('remembers outcomes within a bound: after thousands of different headers the known one is still right', () => {
    for (let i = 0; i < 5000; i++) expect(responseType(topics, `application/x-${i}`)).toBe('notAcceptable');
    expect(responseType(topics, v2)).toBe(v2);
    expect(responseType(topics, `${v2};${' '.repeat(300)}q=0.5`)).toBe(v2);
  });
});

describe('the Content-Type of a 415', () => {
  const options = { preferred: ['application/json', v2], fallback: 'application/json' };

  it('is the first Accept entry that is in the preferred list', () => {
    expect(unsupportedMediaTypeContentType(`${v2}, application/octet-stream`, options)).toBe(v2);
    expect(unsupportedMediaTypeContentType(`text/html, application/json, ${v2}`, options)).toBe('application/json');
  });

  it('compares parameters too, and falls back to the default', () => {
    expect(unsupportedMediaTypeContentType(`${v2};q=0.9`, options)).toBe('application/json');
    expect(unsupportedMediaTypeContentType(undefined, options)).toBe('application/json');
    expect(unsupportedMediaTypeContentType('not a header', options)).toBe('application/json');
  });
});
