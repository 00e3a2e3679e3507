/** The one element inside `root` that a selector finds. */
export function find<T extends Element>(root: ParentNode, selector: string, type: abstract new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`there is no ${type.name} "${selector}" here`);
  return found;
}

/** HTML that stands in the program, as nodes. Never for text that comes from elsewhere. */
export function fragment(html: string): DocumentFragment {
  const template = document.createElement('template');
  template.innerHTML = html;
  return document.importNode(template.content, true);
}

/** An element with a class and content. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className = '',
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

/** A cell that heads a row or a column of a table. */
export function headCell(text: string, scope: 'row' | 'col'): HTMLTableCellElement {
  const cell = make('th', '', text);
  cell.scope = scope;
  return cell;
}

/** Changes nothing where the text is already there: screen readers would say it again. */
export function setText(target: Element, text: string | null): void {
  if (target.textContent !== (text ?? '')) target.textContent = text;
}

/** A number and how it is written. */
export function setNumber(target: HTMLDataElement, value: number | null, written: string): void {
  target.value = String(value ?? '');
  setText(target, written);
}

/** Resolves before the next frame is drawn. */
export function nextFrame(): Promise<number> {
  return new Promise(requestAnimationFrame);
}
