import type { CodeText } from '../shared/code-view.ts';
import { shaderText } from '../shared/shader-text.ts';
import cornerNetwork from './corner-network.ts?raw';
import deformation from './deformation.ts?raw';
import type { Lesson } from './lesson.ts';
import siteTensors from './site-tensors.ts?raw';

/** The model, its training, and what ran. */
export function codeTexts(lesson: Lesson): CodeText[] {
  return [
    {
      name: 'The network',
      note: 'e3nn.nn.models.v2106.gate_points_networks.SimpleNetwork without pooling.',
      code: cornerNetwork,
    },
    {
      name: 'Its training',
      note: 'The loss, and its gradient by weights and by an input.',
      code: deformation,
    },
    { name: 'The random network', code: siteTensors },
    {
      name: 'Ops',
      note: 'One training step with the order parameter, as it is computed.',
      code: lesson.printed,
    },
    shaderText(lesson.shaders(), 'the f64 interpreter computes this page.'),
  ];
}
