import type { CodeText } from '../shared/code-view.ts';
import { shaderText } from '../shared/shader-text.ts';
import gravity from './gravity.ts?raw';
import layer from './layer.ts?raw';
import operations from './operations.ts?raw';

/** The layer, what it learns, the operations, and what ran. */
export function codeTexts(printed: string, shaders: readonly { label: string; code: string }[]): CodeText[] {
  return [
    { name: 'The layer', code: layer },
    { name: 'What it learns', code: gravity },
    { name: 'The operations', code: operations },
    { name: 'Ops', note: 'A training step, as it is computed.', code: printed },
    shaderText(shaders, 'the f64 interpreter computes this page.'),
  ];
}
