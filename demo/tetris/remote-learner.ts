import type { Learner, LearnerFacts, LearnerRequest } from './learner.ts';

/** What the page asks of the worker. */
export interface Call {
  readonly id: number;
  readonly learner: number;
  readonly method: 'make' | Exclude<keyof Learner, 'facts'>;
  // biome-ignore lint/suspicious/noExplicitAny: the arguments of any method.
  readonly args: readonly any[];
}

export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

/** Learners in a worker; one worker for all of an element. */
export class LearnerWorker {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private calls = 0;
  private learners = 0;

  /** `worker` runs worker.ts. */
  constructor(worker: Worker) {
    this.worker = worker;
    this.worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      const asked = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ('error' in data) asked?.reject(new Error(data.error));
      else asked?.resolve(data.value);
    });
    this.worker.addEventListener('error', ({ message }) => {
      for (const { reject } of this.waiting.values()) reject(new Error(message || 'the worker stopped'));
      this.waiting.clear();
    });
  }

  async make(request: LearnerRequest): Promise<Learner> {
    const learner = ++this.learners;
    const call =
      <T>(method: Call['method']) =>
      (...args: unknown[]): Promise<T> =>
        this.call(learner, method, args) as Promise<T>;
    return {
      facts: await call<LearnerFacts>('make')(request),
      step: call('step'),
      setLearningRate: call('setLearningRate'),
      outputs: call('outputs'),
      answers: call('answers'),
      features: call('features'),
      radial: call('radial'),
      shaders: call('shaders'),
      dispose: () => void call('dispose')(),
    };
  }

  dispose(): void {
    this.worker.terminate();
    // What was under way is nobody's business any more.
    this.waiting.clear();
  }

  private call(learner: number, method: Call['method'], args: readonly unknown[]): Promise<unknown> {
    const id = ++this.calls;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, learner, method, args } satisfies Call);
    });
  }
}
