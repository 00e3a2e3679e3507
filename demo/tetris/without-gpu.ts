import type { Learner, LearnerRequest } from './learner.ts';
import { LearnerWorker } from './remote-learner.ts';
import workerUrl from './worker.ts?worker&url';

/** What trains where there is no GPU. */
export interface SlowLearners {
  /** Whether the page's own thread has to do it. */
  readonly inPage: boolean;
  make(request: LearnerRequest): Promise<Learner>;
  dispose(): void;
}

/**
 * A worker; or where the policy of a page that embeds the element allows none, the page's thread, a step at a time.
 */
export async function slowLearners(): Promise<SlowLearners> {
  const worker = await startWorker(new URL(workerUrl, import.meta.url));
  if (worker) {
    const learners = new LearnerWorker(worker);
    return {
      inPage: false,
      make: (request) => learners.make(request),
      dispose: () => learners.dispose(),
    };
  }
  const { makeF64Learner } = await import('./make-f64-learner.ts');
  return { inPage: true, make: makeF64Learner, dispose() {} };
}

/** The worker once it runs, or null where it may not. */
async function startWorker(url: URL): Promise<Worker | null> {
  // A page may start workers of its own origin only; but one of its own that imports the other is that.
  const own =
    url.origin === origin
      ? url.href
      : URL.createObjectURL(new Blob([`import ${JSON.stringify(url.href)}`], { type: 'text/javascript' }));
  try {
    const worker = new Worker(own, { type: 'module' });
    return await new Promise((started) => {
      worker.addEventListener('message', () => started(worker), { once: true });
      worker.addEventListener('error', () => started(null), { once: true });
    });
  } catch {
    return null;
  } finally {
    if (own !== url.href) URL.revokeObjectURL(own);
  }
}
