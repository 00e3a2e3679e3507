import { find, make } from '../shared/dom.ts';
import { fields, paths, type State } from './fields.ts';

/** The state, in the controls that set it. */
export function showState(view: HTMLElement, state: State): void {
  const [, lin, lout] = /(\d)\D+ × .* → (\d)/.exec(paths[state.path])!;
  for (const [name, l] of [
    ['from', Number(lin)],
    ['to', Number(lout)],
  ] as const) {
    const select = find(view, `select[name="${name}"]`, HTMLSelectElement);
    if (select.options.length !== 2 * l + 1)
      select.replaceChildren(
        ...Array.from({ length: 2 * l + 1 }, (_, k) => {
          const made = make(
            'option',
            '',
            l === 1 ? 'xyz'[k] : l === 0 ? '1' : `m = ${k - l}`.replace('-', '−'),
          );
          made.value = String(k);
          return made;
        }),
      );
  }
  for (const control of view.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[name]')) {
    const name = control.name as keyof State;
    let text = fields[name].write(state[name] as never);
    if (control instanceof HTMLSelectElement && (name === 'from' || name === 'to'))
      text = String(Math.min(Number(text), control.options.length - 1));
    if (control.value !== text) control.value = text;
  }
  find(view, '.radius-value', HTMLElement).textContent = state.radius.toFixed(1);
  find(view, '.added-value', HTMLElement).textContent = String(state.added);
  find(view, '.invert', HTMLInputElement).checked = state.invert;
  state.rotate.forEach((angle, i) => {
    const written = `${Math.round(angle)}°`.replace('-', '−');
    find(view, `.angle-${i}`, HTMLElement).textContent = written;
    const slider = find(view, `[data-angle="${i}"]`, HTMLInputElement);
    slider.value = String(angle);
    slider.setAttribute('aria-valuetext', written);
  });
  for (const part of view.querySelectorAll<HTMLElement>('[data-part]'))
    part.hidden = state.part !== 'all' && state.part !== part.dataset.part;
}
