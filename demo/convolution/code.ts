import type { CodeText } from '../shared/code-view.ts';
import gravity from './gravity.ts?raw';
import layer from './layer.ts?raw';
import operations from './operations.ts?raw';

/** The layer, what it learns, the operations, and what ran. */
export function codeTexts(printed: string, shaders: readonly { label: string; code: string }[]): CodeText[] {
  const kernel = shaders.find(({ label }) => label.includes('tensorProduct'));
  return [
    { name: 'The layer', code: layer },
    { name: 'What it learns', code: gravity },
    { name: 'The operations', code: operations },
    { name: 'Ops', note: 'A training step, as it is computed.', code: printed },
    {
      name: 'WGSL',
      note: kernel
        ? `As it ran: ${kernel.label}.`
        : 'Without WebGPU no shader ran: the f64 interpreter computes this page.',
      code: kernel?.code ?? '',
    },
  ];
}
