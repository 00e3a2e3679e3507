import type uPlot from 'uplot';

/** How axes look; `colour` gives a colour of tokens.css when it is drawn. */
export function axisStyle(host: Element, colour: (name: string) => () => string) {
  return {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1, size: 4 },
    font: `12px ${getComputedStyle(host).fontFamily}`,
    gap: 4,
  };
}

/** The powers of ten around some numbers; where there is none, those given. */
export function wholeDecades(
  min: number | null,
  max: number | null,
  empty: [number, number],
): [number, number] {
  if (!min || !max) return empty;
  const [low, high] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  return [10 ** low, 10 ** Math.max(high, low + 1)];
}

const isDecade = (tick: number) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-6;

/** Lines and labels at the powers of ten; between them there are too many. */
export function decadesOnly(_: uPlot, ticks: readonly number[]): (number | null)[] {
  return ticks.map((tick) => (isDecade(tick) ? tick : null));
}

/** The labels of powers of ten. */
export function powersOfTen(_: uPlot, ticks: readonly (number | null)[]): string[] {
  return ticks.map((tick) => {
    if (tick === null) return '';
    const exponent = Math.round(Math.log10(tick));
    if (exponent >= -1 && exponent <= 1) return String(10 ** exponent);
    return `10${[...String(exponent)].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻').join('')}`;
  });
}
