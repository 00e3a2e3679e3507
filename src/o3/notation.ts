/**
 * Reading the notation "8x0e + 4x1o": one scanner for `Irrep.parse` and `Irreps.parse`, so that both
 * report the place of a mistake in the text the caller wrote.
 */

/** What one term of the notation says; `p` is +1 or -1, already resolved for "y". */
export interface ScannedTerm {
  readonly mul: number;
  readonly l: number;
  readonly p: 1 | -1;
}

const IRREP_HINT = 'Write the degree l and its parity, e (even), o (odd) or y ((-1)^l), as in "1o".';
const IRREPS_HINT = 'Write irreps joined by "+", each with or without a multiplicity, as in "8x0e + 1o".';

/**
 * Reads one irrep, as in "1o", "2y" or " 0e ".
 * @throws Error naming the character (counted from 1) at which the text stops making sense.
 */
export function scanIrrep(text: string): ScannedTerm {
  const scan = new Scanner(text, 'an irrep', IRREP_HINT);
  scan.space();
  const l = scan.integer('the degree l (digits)');
  const term = { mul: 1, l, p: scan.parity(l, '"e", "o" or "y"') };
  scan.space();
  scan.end('nothing after the irrep');
  return term;
}

/**
 * Reads a direct sum of irreps, as in "8x0e + 4x1o"; blank text is the empty sum.
 * @throws Error naming the character (counted from 1) at which the text stops making sense.
 */
export function scanIrreps(text: string): ScannedTerm[] {
  const scan = new Scanner(text, 'a list of irreps', IRREPS_HINT);
  const terms: ScannedTerm[] = [];
  if (text.trim() === '') return terms;
  for (;;) {
    scan.space();
    let mul = 1;
    let l = scan.integer('a multiplicity or a degree l (digits, no sign)');
    if (scan.times()) {
      mul = l;
      l = scan.integer('the degree l (digits, no sign)');
      terms.push({ mul, l, p: scan.parity(l, '"e", "o" or "y"') });
    } else {
      terms.push({ mul, l, p: scan.parity(l, '"x", "e", "o" or "y"') });
    }
    scan.space();
    if (scan.plus()) continue;
    scan.end('"+" or the end');
    return terms;
  }
}

class Scanner {
  readonly #text: string;
  readonly #what: string;
  readonly #hint: string;
  #at = 0;

  constructor(text: string, what: string, hint: string) {
    this.#text = text;
    this.#what = what;
    this.#hint = hint;
  }

  space(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  integer(expected: string): number {
    const digits = /^[0-9]+/.exec(this.#text.slice(this.#at))?.[0];
    if (digits === undefined) throw this.#unexpected(expected);
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw this.#unexpected('a number below 2^53');
    this.#at += digits.length;
    return value;
  }

  parity(l: number, expected: string): 1 | -1 {
    const letter = this.#text.charAt(this.#at);
    if (letter !== 'e' && letter !== 'o' && letter !== 'y') throw this.#unexpected(expected);
    this.#at++;
    if (letter === 'y') return l % 2 === 0 ? 1 : -1;
    return letter === 'e' ? 1 : -1;
  }

  /** Steps over " x " if it comes next; leaves blanks that lead to something else unread. */
  times(): boolean {
    const cross = /^\s*x\s*/.exec(this.#text.slice(this.#at))?.[0];
    this.#at += cross?.length ?? 0;
    return cross !== undefined;
  }

  plus(): boolean {
    if (this.#text.charAt(this.#at) !== '+') return false;
    this.#at++;
    return true;
  }

  end(expected: string): void {
    if (this.#at < this.#text.length) throw this.#unexpected(expected);
  }

  #unexpected(expected: string): Error {
    const found = this.#at < this.#text.length ? `"${this.#text.charAt(this.#at)}"` : 'the end';
    const where = `character ${this.#at + 1} is ${found}, where ${expected} should be`;
    return new Error(`"${this.#text}" is not ${this.#what}: ${where}. ${this.#hint}`);
  }
}
