/** Index symmetries of a tensor, written "ij=-ji": the group of signed permutations that they generate. */

/** A symmetry of a tensor: t[i0, i1, ...] = sign * t[i_from[0], i_from[1], ...]. */
export interface SignedPermutation {
  readonly sign: 1 | -1;
  readonly from: readonly number[];
}

/**
 * Reads a formula such as "ijkl=jikl=klij" and closes its symmetries to a group (e3nn `germinate_formulas`).
 *
 * @throws Error naming the term that has other letters than the first, a letter twice, or characters that are none; or
 * if the signs contradict each other, so that only zero has the symmetry.
 */
export function formulaOf(formula: string): { letters: string; group: SignedPermutation[] } {
  const fail = (what: string) => new Error(`index formula "${formula}": ${what}`);
  const terms = formula.split('=').map((term) => term.trim());
  for (const term of terms)
    if (!/^-?[a-z]+$/.test(term)) throw fail(`"${term}" is not a row of letters a-z, with or without "-".`);
  const letters = terms[0].replace('-', '');
  const first = terms[0].startsWith('-') ? -1 : 1;
  const generators = terms.map((term): SignedPermutation => {
    const own = term.replace('-', '');
    if (new Set(own).size !== own.length) throw fail(`"${own}" has a letter twice.`);
    const from = [...own].map((letter) => letters.indexOf(letter));
    if (own.length !== letters.length || from.includes(-1))
      throw fail(`"${own}" is not "${letters}" in another order.`);
    return { sign: (term.startsWith('-') ? -1 : 1) === first ? 1 : -1, from };
  });
  const group = new Map<string, SignedPermutation>();
  const open = [generators[0]];
  for (let next = open.pop(); next; next = open.pop()) {
    const known = group.get(String(next.from));
    if (known && known.sign !== next.sign)
      throw fail('its signs contradict each other, so that every such tensor is zero.');
    if (known) continue;
    group.set(String(next.from), next);
    const { sign, from } = next;
    for (const other of generators)
      open.push({ sign: sign === other.sign ? 1 : -1, from: other.from.map((i) => from[i]) });
  }
  return { letters, group: [...group.values()] };
}
