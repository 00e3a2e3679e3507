import { make } from './dom.ts';

/** A text to show: a name for its tab, and where it stands or what it is. */
export interface CodeText {
  readonly name: string;
  readonly code: string;
  /** A line above it. */
  readonly note?: string;
}

let views = 0;

/** "See the code": a disclosure with a tab for each text. Arrow keys go from tab to tab. */
export class CodeView {
  readonly element = make('details', 'code-view');
  private readonly tabs = make('div', 'tabs');
  private readonly panel = make('div', 'code-panel');
  private readonly id = `code-${++views}`;
  private texts: readonly CodeText[] = [];
  private selected = 0;

  constructor(texts: readonly CodeText[] = [], summary = 'See the code') {
    this.tabs.setAttribute('role', 'tablist');
    this.tabs.setAttribute('aria-label', summary);
    this.panel.setAttribute('role', 'tabpanel');
    this.panel.id = this.id;
    this.tabs.addEventListener('keydown', (event) => this.key(event));
    this.element.append(make('summary', '', summary), this.tabs, this.panel);
    this.show(texts);
  }

  /** Other texts; the tab that was open stays open. */
  show(texts: readonly CodeText[]): void {
    this.texts = texts;
    this.tabs.replaceChildren(
      ...texts.map(({ name }, i) => {
        const tab = make('button', 'tab', name);
        tab.type = 'button';
        tab.setAttribute('role', 'tab');
        tab.setAttribute('aria-controls', this.id);
        tab.id = `${this.id}-tab-${i}`;
        tab.addEventListener('click', () => this.select(i));
        return tab;
      }),
    );
    this.select(Math.min(this.selected, Math.max(0, texts.length - 1)));
  }

  private select(chosen: number): void {
    this.selected = chosen;
    for (const [i, tab] of [...this.tabs.children].entries()) {
      tab.setAttribute('aria-selected', String(i === chosen));
      (tab as HTMLElement).tabIndex = i === chosen ? 0 : -1;
    }
    const text = this.texts[chosen];
    this.panel.replaceChildren();
    if (!text) return;
    this.panel.setAttribute('aria-labelledby', `${this.id}-tab-${chosen}`);
    const code = make('pre', 'code', make('code', '', text.code.trim()));
    // It scrolls, so the keyboard must reach it.
    code.tabIndex = 0;
    this.panel.replaceChildren(...(text.note ? [make('p', 'note', text.note)] : []), code);
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined || this.texts.length === 0) return;
    event.preventDefault();
    this.select((this.selected + step + this.texts.length) % this.texts.length);
    (this.tabs.children[this.selected] as HTMLElement).focus();
  }
}
