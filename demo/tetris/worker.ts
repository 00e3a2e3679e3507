// Where there is no GPU: trains on the f64 reference, away from the page's thread.
import type { Learner } from './learner.ts';
import { makeF64Learner } from './make-f64-learner.ts';
import type { Answer, Call } from './remote-learner.ts';

const learners = new Map<number, Learner>();

async function answer({ learner: id, method, args }: Call): Promise<unknown> {
  if (method === 'make') {
    const learner = await makeF64Learner(args[0]);
    learners.set(id, learner);
    return learner.facts;
  }
  const learner = learners.get(id);
  if (method === 'dispose') learners.delete(id);
  if (!learner) throw new Error('this network is gone');
  return (learner[method] as (...given: typeof args) => unknown)(...args);
}

// One call after the other: none of them waits for anything but the processor.
let turn: Promise<unknown> = Promise.resolve();
addEventListener('message', ({ data }: MessageEvent<Call>) => {
  turn = turn.then(async () => {
    let reply: Answer;
    try {
      reply = { id: data.id, value: await answer(data) };
    } catch (error) {
      reply = { id: data.id, error: (error as Error).message };
    }
    postMessage(reply);
  });
});
// The first word: it runs.
postMessage(null);
