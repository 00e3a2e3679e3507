import type { GpuContext } from '../../src/index.ts';
import { type PageDevice, pageDevice } from './device.ts';
import { fragment, make, setText } from './dom.ts';
import elementCss from './element.css?inline';
import { speakWithParent } from './embed-protocol.ts';
import { defaultsOf, type Fields, keyOf, parseFields, writeFields } from './fields.ts';
import { stopsWhereItScrolls } from './scroll-stop.ts';

const isEmbedded = () => new URLSearchParams(location.search).has('embed');

const sheets = new Map<string, CSSStyleSheet>();

/** A constructed style sheet of a text, one for all elements. */
function sheetOf(css: string): CSSStyleSheet {
  let sheet = sheets.get(css);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    sheets.set(css, sheet);
  }
  return sheet;
}

/**
 * What all elements of the pages have in common: state in attributes and the URL, groups of controls, one GPU for the
 * page, pauses where nobody looks, a way back after the loss of the GPU, and messages where it is embedded.
 *
 * A subclass declares `fields` and `styles`, builds its DOM in `render`, and gets to know everything else by the hooks.
 */
export abstract class ClebschElement<S extends object> extends HTMLElement {
  /** The state's fields by name (see fields.ts). */
  static readonly fields: Fields = {};
  /** Style sheets of the shadow root, as texts (`import css from './x.css?inline'`). */
  static readonly styles: readonly string[] = [];

  static get observedAttributes(): string[] {
    // biome-ignore lint/complexity/noThisInStatic: it is the subclass, whose fields are meant.
    const { fields } = this;
    return [...Object.keys(fields).map((name) => keyOf(fields, name)), 'controls'];
  }

  readonly root: ShadowRoot;
  /** Where `render` puts what the element shows. */
  protected readonly view = make('div', 'view');
  /** Resolves when it has started for the first time (or could not, which it says). */
  readonly ready: Promise<void>;
  private readonly isReady: () => void;
  /** Whether it is on screen, in a tab that is shown. */
  protected awake = true;
  private readonly fields: Fields;
  private readonly noticeBox: HTMLElement;
  /** Says what goes on while there is nothing to see yet. */
  private readonly startingBox = make('p', 'starting');
  private values: Record<string, unknown>;
  private startTexts: Record<string, string> = {};
  private pending: Set<string> | null = null;
  private life: AbortController | null = null;
  private running = false;
  private urlTimer = 0;

  constructor() {
    super();
    const { fields, styles } = this.constructor as typeof ClebschElement;
    this.fields = fields;
    this.values = defaultsOf(fields);
    let isReady = () => {};
    this.ready = new Promise((resolve) => {
      isReady = resolve;
    });
    this.isReady = isReady;
    this.root = this.attachShadow({ mode: 'open' });
    this.root.adoptedStyleSheets = [elementCss, ...styles].map(sheetOf);
    this.root.append(
      fragment('<div class="notice" role="alert" hidden><p></p><button type="button">Close</button></div>'),
      this.startingBox,
      this.view,
    );
    this.noticeBox = this.root.querySelector<HTMLElement>('.notice')!;
    this.startingBox.setAttribute('role', 'status');
    this.noticeBox.querySelector('button')!.addEventListener('click', () => this.notice(null));
  }

  // ---- hooks of a subclass ----

  /** Builds the DOM in `this.view`; called once, before there is a GPU. The state is known. */
  protected render(): void {}
  /** Begins, with the page's GPU, or null where there is none; again after `stop` (moved in the page, GPU lost). */
  protected abstract start(gpu: GpuContext | null): void | Promise<void>;
  /** These fields have changed: by `set`, an attribute, a message. Several at a time come as one call, maybe before `start`. */
  protected changed(_names: ReadonlySet<keyof S & string>): void {}
  /** Nobody looks: off screen, or the tab is hidden. */
  protected pause(): void {}
  /** Somebody looks again. */
  protected resume(): void {}
  /** Ends: everything on the GPU is freed, also after a `start` that has failed half way. */
  protected stop(): void {}
  /** The GPU was lost. By default the element stops, and starts on the next one. */
  protected async deviceLost(next: Promise<PageDevice>): Promise<void> {
    if (this.running) this.stop();
    this.running = false;
    const { gpu } = await next;
    if (this.life) await this.begin(gpu, this.life.signal);
  }

  // ---- state ----

  /** The values of all fields. */
  get state(): Readonly<S> {
    return this.values as unknown as S;
  }

  /** Changes fields, as an attribute would. */
  set(patch: Partial<S>): void {
    for (const [name, value] of Object.entries(patch)) {
      const field = this.fields[name];
      if (!field) throw new Error(`${this.localName} has no field "${name}"`);
      this.setAttribute(keyOf(this.fields, name), field.write(value));
    }
  }

  /** What a text typed by the visitor does to a field: null where it was taken, or else the sentence to show. */
  setText(name: keyof S & string, text: string): string | null {
    const field = this.fields[name];
    const value = field.parse(text);
    if (value === undefined) return `This must be ${field.rule}.`;
    this.set({ [name]: value } as Partial<S>);
    return null;
  }

  attributeChangedCallback(key: string, _: string | null, text: string | null): void {
    if (key === 'controls') {
      this.showControls();
      return;
    }
    const name = Object.keys(this.fields).find((n) => keyOf(this.fields, n) === key)!;
    const field = this.fields[name];
    const value = text === null ? field.default : field.parse(text);
    if (value === undefined) {
      this.fail(new Error(`${key} is "${text}", but must be ${field.rule}.`));
      return;
    }
    if (field.write(value) === field.write(this.values[name])) return;
    this.values = { ...this.values, [name]: value };
    if (!this.life) return;
    if (!this.pending) {
      this.pending = new Set();
      queueMicrotask(() => {
        const names = this.pending!;
        this.pending = null;
        this.rememberState();
        if (this.life) this.changed(names as ReadonlySet<string> as ReadonlySet<keyof S & string>);
      });
    }
    this.pending.add(name);
  }

  // ---- controls, notices, events ----

  /** Makes each control with the name of a field change it, while a slider is drawn; what the field refuses is said at the control. */
  protected bindControls(): void {
    for (const control of this.view.querySelectorAll<HTMLInputElement | HTMLSelectElement>('[name]'))
      control.addEventListener(control.type === 'range' ? 'input' : 'change', () => {
        const problem = this.setText(control.name as keyof S & string, control.value);
        control.setCustomValidity(problem ?? '');
        control.reportValidity();
      });
  }

  /** Whether a group of controls is shown: all are without a `controls` attribute, or those that it names. */
  shows(group: string): boolean {
    const text = this.getAttribute('controls');
    return text === null || text.split(/[\s,]+/).includes(group);
  }

  /** Hides what has a `data-controls` that is not wanted; call it after adding such. */
  protected showControls(): void {
    for (const part of this.view.querySelectorAll<HTMLElement>('[data-controls]'))
      part.hidden = !this.shows(part.dataset.controls!);
  }

  /** A sentence in a box at the top, or none. */
  notice(message: string | null): void {
    this.noticeBox.hidden = message === null;
    setText(this.noticeBox.firstElementChild!, message);
  }

  /** Tells the visitor, and whoever listens, that something did not work. */
  protected fail(error: { readonly message: string }): void {
    this.notice(error.message);
    this.emit('error', { message: error.message });
  }

  /** An event for the page around: plain data only, because it may go through `postMessage`. */
  protected emit(name: 'step' | 'trained' | 'error', detail: Readonly<Record<string, unknown>>): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // ---- life ----

  connectedCallback(): void {
    if (this.life) return; // moved within the page
    const life = new AbortController();
    const { signal } = life;
    this.startTexts = writeFields(this.fields, this.values);
    if (this.hasAttribute('url-state')) this.takeUrl(signal);
    this.life = life; // from here on changes are told of
    if (this.view.childNodes.length === 0) {
      this.render();
      this.showControls();
      for (const region of this.view.querySelectorAll<HTMLElement>('.scrolls')) stopsWhereItScrolls(region);
    }
    void this.run(signal);
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected || !this.life) return;
      this.life.abort();
      this.life = null;
      // What is still starting stops when it has started.
      if (this.running) this.stop();
      this.running = false;
    });
  }

  private takeUrl(signal: AbortSignal): void {
    const query = new URLSearchParams(location.search);
    for (const [name, field] of Object.entries(this.fields)) {
      const text = query.get(keyOf(this.fields, name));
      const value = text === null ? undefined : field.parse(text);
      if (value !== undefined) this.setAttribute(keyOf(this.fields, name), field.write(value));
    }
    if (query.has('controls')) this.setAttribute('controls', query.get('controls')!);
    // Of the whole page, whose only element this may be.
    for (const host of [this, document.documentElement])
      if (query.has('theme')) host.setAttribute('theme', query.get('theme')!);
    const { problems } = parseFields(this.fields, (key) => query.get(key));
    if (problems.length > 0) this.notice(`In the address ${problems.join(', and ')}.`);
    if (!isEmbedded()) return;
    showOnly(this);
    speakWithParent(this as unknown as Parameters<typeof speakWithParent>[0], this.fields, signal);
  }

  /** The state goes into the address where it differs from what the page began with; not at every frame of a drag. */
  private rememberState(): void {
    if (!this.hasAttribute('url-state')) return;
    clearTimeout(this.urlTimer);
    this.urlTimer = window.setTimeout(() => {
      const query = new URLSearchParams(location.search);
      for (const [key, text] of Object.entries(writeFields(this.fields, this.values)))
        if (text === this.startTexts[key]) query.delete(key);
        else query.set(key, text);
      const written = query.size > 0 ? `?${query}` : location.pathname;
      history.replaceState(null, '', written + location.hash);
    }, 200);
  }

  private async run(signal: AbortSignal): Promise<void> {
    const seen = this.watch(signal);
    const { gpu, problem } = await pageDevice();
    await seen;
    if (signal.aborted) return;
    if (problem) this.notice(problem);
    await this.begin(gpu, signal);
    this.follow(gpu, signal);
  }

  private async begin(gpu: GpuContext | null, signal: AbortSignal): Promise<void> {
    setText(this.startingBox, gpu ? 'Compiling for your GPU …' : 'Starting …');
    try {
      await this.start(gpu);
      this.running = true;
      this.showControls();
      if (!this.awake) this.pause();
    } catch (error) {
      if (!signal.aborted) this.fail(error as Error);
    }
    setText(this.startingBox, '');
    // What was begun and failed, or begun after the element had been removed.
    if (signal.aborted || !this.running) this.stop();
    if (signal.aborted) this.running = false;
    this.isReady();
  }

  private follow(gpu: GpuContext | null, signal: AbortSignal): void {
    void gpu?.lost.then(({ message }) => {
      if (!signal.aborted) void this.recover(message, signal);
    });
  }

  private async recover(message: string, signal: AbortSignal): Promise<void> {
    const reason = message.trim().replace(/\.*$/, '');
    const lost = `The GPU was lost${reason ? ` (${reason})` : ''}.`;
    this.notice(`${lost} Starting again …`);
    const next = pageDevice();
    await this.deviceLost(next);
    const { gpu, problem } = await next;
    if (signal.aborted) return;
    this.follow(gpu, signal);
    this.notice(problem ? `${lost} ${problem}` : `${lost} It goes on with a new one.`);
  }

  /** Follows whether anybody looks; resolves when it is near the screen for the first time. */
  private watch(signal: AbortSignal): Promise<void> {
    let near = false;
    return new Promise((seen) => {
      const update = () => {
        const awake = near && !document.hidden;
        if (near) seen();
        if (awake === this.awake) return;
        this.awake = awake;
        if (!this.running) return;
        if (awake) this.resume();
        else this.pause();
      };
      const observer = new IntersectionObserver(
        (entries) => {
          near = entries.at(-1)!.isIntersecting;
          update();
        },
        { rootMargin: '100px' },
      );
      observer.observe(this);
      signal.addEventListener('abort', () => observer.disconnect());
      document.addEventListener('visibilitychange', update, { signal });
    });
  }
}

/** Hides everything on the page but one element and what it stands in. */
function showOnly(shown: Element): void {
  document.documentElement.classList.add('embed');
  for (
    let inside: Element = shown;
    inside !== document.body && inside.parentElement;
    inside = inside.parentElement
  )
    for (const other of inside.parentElement.children)
      if (other !== inside && other instanceof HTMLElement) other.hidden = true;
}
