// What stands below the fold, loaded when somebody gets there.
import { make } from '../shared/dom.ts';
import { CodePanel } from './code-panel.ts';
import { Comparison } from './comparison.ts';
import { InsidePanel } from './inside-panel.ts';
import type { Learner, LearnerRequest } from './learner.ts';
import { OrdinaryPanel } from './ordinary-panel.ts';
import type { Session } from './session.ts';
import { SpherePanel } from './sphere-panel.ts';

interface Host {
  readonly state: { readonly seed: number };
  shows(group: string): boolean;
  make(request: LearnerRequest): Promise<Learner>;
}

export class Sections {
  readonly element = make('div', 'sections');
  private readonly host: Host;
  private readonly comparison: Comparison;
  private readonly ordinary: OrdinaryPanel;
  private readonly sphere: SpherePanel;
  private readonly inside: InsidePanel;
  private readonly code: CodePanel;

  constructor(host: Host, session: Session) {
    this.host = host;
    this.comparison = new Comparison(
      (request) => host.make(request),
      session,
      () => this.ordinary?.show(),
    );
    this.ordinary = new OrdinaryPanel(this.comparison);
    this.sphere = new SpherePanel(session, this.comparison);
    this.inside = new InsidePanel(session);
    this.code = new CodePanel(session);
    this.element.append(this.ordinary.element, this.sphere.element, this.inside.element, this.code.element);
  }

  /** The network is another one. */
  built(learner: Learner): void {
    this.comparison.restart(learner.facts.parameters, this.host.state.seed);
    this.inside.built(learner);
    this.code.built();
    this.ordinary.show();
  }

  dispose(): void {
    this.comparison.dispose();
    this.ordinary.dispose();
    this.sphere.dispose();
    this.inside.dispose();
  }
}
