// What a docstring's example calls for `expression; // => value` (see examples-plugin.ts).

/** Throws where `actual` is not `expected`, to `tolerance` relative to the larger of 1 and the number. */
export function checkExample(tolerance: number) {
  return (actual: unknown, expected: unknown, where: string): void => {
    if (isSame(actual, expected, tolerance)) return;
    throw new Error(`${where}\n  gives ${show(actual)}\n  and the docstring says ${show(expected)}`);
  };
}

function isSame(actual: unknown, expected: unknown, tolerance: number): boolean {
  if (typeof actual === 'number' && typeof expected === 'number') {
    return (
      Object.is(actual, expected) ||
      actual === expected ||
      Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected))
    );
  }
  if (isList(actual) && isList(expected)) {
    const [a, b] = [Array.from(actual), Array.from(expected)];
    return a.length === b.length && a.every((value, i) => isSame(value, b[i], tolerance));
  }
  if (isRecord(actual) && typeof expected === 'string') return String(actual) === expected;
  if (isRecord(actual) && isRecord(expected)) {
    const keys = Object.keys(expected);
    return (
      Object.keys(actual).length === keys.length &&
      keys.every((key) => key in actual && isSame(actual[key], expected[key], tolerance))
    );
  }
  return Object.is(actual, expected);
}

function isList(value: unknown): value is Iterable<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isList(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, v) => {
    if (typeof v === 'number' && !Number.isFinite(v)) return String(v);
    return ArrayBuffer.isView(v) ? Array.from(v as Float64Array) : v;
  });
  return (text ?? String(value)).slice(0, 500);
}
