/** With so many decimals, a real minus sign, and "0" for what rounds to it. */
export function decimals(value: number, digits = 2): string {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return '0';
  return text.replace('-', '−');
}

const RAISED: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789'].map((d, i) => [d, '⁰¹²³⁴⁵⁶⁷⁸⁹'[i]]),
);

/** An error, in powers of ten: "3 · 10⁻⁸". */
export function powerOfTen(value: number): string {
  if (value === 0) return '0';
  const [mantissa, exponent] = value.toExponential(0).split('e');
  const raised = [...String(Math.abs(Number(exponent)))].map((digit) => RAISED[digit]).join('');
  return `${mantissa.replace('-', '−')} · 10${Number(exponent) < 0 ? '⁻' : ''}${raised}`;
}
