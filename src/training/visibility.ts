/**
 * Resolves when the page is visible: at once where it is, or where there is no page (Node, a worker). A hidden tab gets no
 * animation frames and few timers, but goes on computing; whether to wait for the visitor is the caller's choice.
 */
export function whenVisible(signal?: AbortSignal): Promise<void> {
  if (typeof document === 'undefined' || document.visibilityState !== 'hidden' || signal?.aborted)
    return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      if (document.visibilityState === 'hidden' && !signal?.aborted) return;
      document.removeEventListener('visibilitychange', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    document.addEventListener('visibilitychange', done);
    signal?.addEventListener('abort', done);
  });
}
