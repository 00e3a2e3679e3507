import type { Colour } from './scene-objects.ts';

/** A colour of tokens.css (`--series-1`, say) as an element has it now, light or dark: for what draws on a canvas. */
export function themeCss(element: Element, name: string): string {
  // Only the value of a real property has its light-dark() resolved.
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  (element.shadowRoot ?? element).append(probe);
  const text = getComputedStyle(probe).color;
  probe.remove();
  return text;
}

/** The same as numbers, for a scene. */
export function themeColour(element: Element, name: string): Colour {
  const text = themeCss(element, name);
  const [r, g, b, opacity = 1] = [...text.matchAll(/[\d.]+/g)].map(([number]) => Number(number));
  // `color(srgb 0.1 0.2 0.3)` is what browsers may give for computed mixtures.
  const scale = text.startsWith('color(') ? 1 : 255;
  return [r / scale, g / scale, b / scale, opacity];
}

/** Calls back when the visitor changes between light and dark. */
export function onThemeChange(changed: () => void, signal?: AbortSignal): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed, { signal });
}

/** Whether the visitor wants less motion. */
export function prefersCalm(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
