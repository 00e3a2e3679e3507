import { CodeView } from '../shared/code-view.ts';
import type { Session } from './session.ts';

/** "See the code": the model, its training, and what ran. Fetched when it is opened. */
export class CodePanel {
  private readonly view = new CodeView();
  private readonly session: Session;
  private stale = true;

  constructor(session: Session) {
    this.session = session;
    this.view.element.dataset.controls = 'code';
    this.view.element.addEventListener('toggle', () => void this.show());
  }

  get element(): HTMLElement {
    return this.view.element;
  }

  /** The network is another one. */
  built(): void {
    this.stale = true;
    void this.show();
  }

  private async show(): Promise<void> {
    const learner = this.session.current;
    if (!learner || !this.stale || !this.view.element.open) return;
    this.stale = false;
    const [{ codeTexts }, shaders] = await Promise.all([import('./code.ts'), learner.shaders()]);
    if (this.session.current === learner) this.view.show(codeTexts(shaders));
  }
}
