const NOTHING: Readonly<Record<string, never>> = Object.freeze(Object.create(null));

/** An object of entries out of a file: without a prototype, so that no name means anything else. */
export function record<V>(entries: ReadonlyMap<string, V>): Readonly<Record<string, V>> {
  return entries.size === 0 ? NOTHING : Object.assign(Object.create(null), Object.fromEntries(entries));
}
