/** Space around the curves in CSS pixels; on the right that of an axis too, and below that of the name of the
 * axis, where there is one. */
export const axisMargins = { left: 48, right: 12, scale: 26, top: 10, bottom: 28, name: 18 };

/** Takes numbers to places in a picture. */
export interface Scale {
  to(value: number): number;
  /** Places of the two ends. */
  readonly span: readonly [number, number];
  readonly ticks: readonly number[];
  /** How the ticks are written. */
  readonly labels: readonly string[];
}

/** From a range of numbers to places. */
export function scaleOf(
  range: readonly [number, number],
  span: readonly [number, number],
  ticks: readonly number[],
  logarithmic = false,
): Scale {
  const by = logarithmic ? Math.log10 : (value: number) => value;
  const [low, high] = range.map(by);
  const to = (value: number) =>
    round(span[0] + ((by(value) - low) / (high - low || 1)) * (span[1] - span[0]));
  return { to, span, ticks, labels: ticks.map(logarithmic ? powerOfTen : written) };
}

const round = (place: number) => Math.round(place * 10) / 10;

const written = (value: number) =>
  value.toLocaleString('en', { maximumSignificantDigits: 6 }).replace('-', '−');

function powerOfTen(value: number): string {
  const exponent = Math.round(Math.log10(value));
  if (exponent >= -1 && exponent <= 1) return String(10 ** exponent);
  return `10${[...String(exponent)].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻').join('')}`;
}

/** An element of SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[K] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
