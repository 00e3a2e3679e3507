import type { CodeText } from '../shared/code-view.ts';
import { shaderText } from '../shared/shader-text.ts';
import networkCode from '../shared/tetris-network.ts?raw';
import trainerCode from '../shared/tetris-trainer.ts?raw';
import type { Shader } from '../shared/training.ts';

/** The model, its training, and what ran. */
export function codeTexts(shaders: readonly Shader[]): CodeText[] {
  const wgsl = shaderText(shaders, 'the f64 interpreter trains in a worker.');
  return [
    { name: 'Model', note: 'demo/shared/tetris-network.ts', code: networkCode },
    { name: 'Training', note: 'demo/shared/tetris-trainer.ts', code: trainerCode },
    {
      name: 'Ops',
      note: shaders.length
        ? `The ${shaders.length} dispatches of a training step as they ran: forward, backward, Adam.`
        : wgsl.note,
      code: shaders.map(({ label }) => label).join('\n'),
    },
    wgsl,
  ];
}
