/** Milliseconds of work after which a page is given the chance to handle input and draw. */
const SLICE = 20;

/** Long work that gives way: `await pauses.due()` between its parts. */
export class Pauses {
  private since = performance.now();

  /** Waits for a task of its own where the last pause is long ago. */
  async due(): Promise<void> {
    if (performance.now() - this.since < SLICE) return;
    await nextTask();
    this.since = performance.now();
  }
}

/** A message: timers wait for a second in tabs that are not seen, and `scheduler.yield` goes before all timers. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
