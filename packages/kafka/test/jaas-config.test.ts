import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJaasConfig } from '../src/jaas-config.ts';

const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';

describe('sasl.jaas.config', () => {
  it.each([
    [`${plain} required username="u" password="p";`, { username: 'u', password: 'p' }],
    [`${plain} required\n  username='u'\n  password=p ;\n`, { username: 'u', password: 'p' }],
    [`${plain} REQUIRED username = "u";`, { username: 'u' }],
    [`${plain} required password="a\\"b\\\\c;d=e f";`, { password: 'a"b\\c;d=e f' }],
    [`${plain} required password="";`, { password: '' }],
    [`${plain} required;`, {}],
  ])('reads %j', (text, options) => {
    const module = parseJaasConfig(text);
    expect(module.name).toBe('PlainLoginModule');
    expect(Object.fromEntries(module.options)).toEqual(options);
  });

  it('gives back any password that is written in quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (password) => {
        const quoted = password.replace(/["\\]/g, (character) => `\\${character}`);
        expect(parseJaasConfig(`${plain} required password="${quoted}";`).options.get('password')).toBe(password);
      }),
    );
  });

  it.each([
    ['', 'the class of a login module is missing'],
    [`${plain} username="u";`, 'required, requisite, sufficient or optional must follow'],
    [`${plain} required username="u"`, 'a semicolon must stand at the end'],
    [`${plain} required username "u";`, 'option 1 of the login module is not of the form'],
    [`${plain} required username="u" password=;`, 'option 2 of the login module is not of the form'],
    [`${plain} required password="hunter2;`, 'is not closed'],
    [`${plain} required; ${plain} required;`, 'exactly one login module'],
  ])('refuses %j', (text, message) => {
    expect(() => parseJaasConfig(text)).toThrow(message);
  });

  it('does not repeat the text in its complaints: it holds passwords', () => {
    expect(() => parseJaasConfig(`${plain} required password="hunter2`)).not.toThrow('hunter2');
    expect(() => parseJaasConfig(`${plain} required "hunter2" x;`)).not.toThrow('hunter2');
  });
});
