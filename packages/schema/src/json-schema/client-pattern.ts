import { RE2JS, RE2JSSyntaxException } from 're2js';
import { InvalidSchema } from '../schema-errors.ts';
import type { Validation } from './validation.ts';
import { quoted } from './wording.ts';

/** What both engines have in common: a search anywhere in the text, as JSON Schema wants it. */
interface Engine {
  test(subject: string): boolean;
}

/** Far more than anybody writes. A megabyte would take seconds to compile. */
const CHARACTERS_MAX = 10_000;
/** Beyond these RE2's automaton is no better than V8's engine. */
const INSTRUCTIONS_MAX = 5000;

/*
 * The work of a search is the number of characters times that of instructions: what RE2 does at its worst. One takes
 * some 50 ns then, and leaves 8 bytes of automaton behind.
 */
const WORK_PER_STEP = 256;
/** What is done within a millisecond. */
const UNGUARDED_WORK_MAX = 20_000;
/** What all engines of the process may remember: 30 MB at worst. Engines of ordinary patterns remember next to nothing. */
const REMEMBERED_WORK_MAX = 4_000_000;

/** What the engines of patterns remember of the texts that they have searched. */
export class EngineMemory {
  /** How often it was dropped. */
  generation = 0;
  #work = 0;
  /** Those that remember something. */
  readonly #patterns = new Set<ClientPattern>();

  add(pattern: ClientPattern, work: number): void {
    this.#patterns.add(pattern);
    this.#work += work;
    if (this.#work > REMEMBERED_WORK_MAX) this.drop();
  }

  /** Also when a search was stopped: its engine may be in disorder. */
  drop(): void {
    this.generation++;
    this.#work = 0;
    for (const pattern of this.#patterns) pattern.forget();
    this.#patterns.clear();
  }
}

/** Of the process: schemas come and go, and each could have as much of its own. */
export const engineMemory: EngineMemory = new EngineMemory();

/** A pattern of JSON Schema: it comes from a client, and so do the texts that it is tried on. */
export class ClientPattern {
  readonly text: string;
  /** How much of a program it is. */
  readonly size: number;
  /** It may take any time on any text. */
  readonly backtracks: boolean;
  readonly #memory: EngineMemory;
  /** Undefined since it had to forget: it is made again when it is used. */
  #engine: Engine | undefined;

  /**
   * RE2 matches in linear time. What it does not have (look-around, back-references, more than 1000 repetitions) is
   * left to V8's engine.
   * @param where of the schema, for the message
   * @throws InvalidSchema when it is a regular expression for neither, or too long
   */
  constructor(text: string, where: string, memory: EngineMemory = engineMemory) {
    if (text.length > CHARACTERS_MAX) {
      throw new InvalidSchema(`${quoted(where)}: the pattern is longer than ${CHARACTERS_MAX} characters`);
    }
    this.text = text;
    const re2 = linearEngine(text);
    this.size = re2?.programSize() ?? text.length;
    this.backtracks = re2 === undefined;
    this.#memory = memory;
    this.#engine = re2 ?? backtrackingEngine(text, where);
  }

  /** @throws DataMismatch when it takes too long to find out */
  isIn(subject: string, run: Validation): boolean {
    const work = subject.length * this.size;
    run.spend(1 + Math.floor(work / WORK_PER_STEP));
    if (!this.backtracks) this.#memory.add(this, work);
    // It was an expression for RE2 when it was made, and is one still.
    const engine = (this.#engine ??= linearEngine(this.text)) as Engine;
    if (!this.backtracks && work <= UNGUARDED_WORK_MAX) return engine.test(subject);
    run.pattern = this.text;
    return run.withTimeLimit(() => engine.test(subject));
  }

  /** Gives the memory back that searches have left behind. */
  forget(): void {
    this.#engine = undefined;
  }
}

function linearEngine(text: string): RE2JS | undefined {
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(text));
    return compiled.programSize() <= INSTRUCTIONS_MAX ? compiled : undefined;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return undefined;
    throw error;
  }
}

function backtrackingEngine(text: string, where: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    // Without the flag more is allowed: an escaped letter that means nothing is that letter.
  }
  try {
    return new RegExp(text);
  } catch (error) {
    const problem = quoted((error as Error).message);
    throw new InvalidSchema(`${quoted(where)}: not a regular expression: ${problem}`, { cause: error });
  }
}
