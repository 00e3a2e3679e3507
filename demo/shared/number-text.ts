/** With so many decimals, a real minus sign, and "0" for what rounds to it. */
export function decimals(value: number, digits = 2): string {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return '0';
  return text.replace('-', '−');
}

const RAISED: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789'].map((d, i) => [d, '⁰¹²³⁴⁵⁶⁷⁸⁹'[i]]),
);

/** A number of any size with three digits, or in powers of ten where it is small. */
export function figures(value: number): string {
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e4 ? value.toPrecision(3).replace('-', '−') : powerOfTen(value, 1);
}

/** An error, in powers of ten: "3 · 10⁻⁸". */
export function powerOfTen(value: number, digits = 0): string {
  if (value === 0) return '0';
  const [mantissa, exponent] = value.toExponential(digits).split('e');
  const raised = [...String(Math.abs(Number(exponent)))].map((digit) => RAISED[digit]).join('');
  // Not to be broken between lines.
  return `${mantissa.replace('-', '−')}\u00a0·\u00a010${Number(exponent) < 0 ? '⁻' : ''}${raised}`;
}
