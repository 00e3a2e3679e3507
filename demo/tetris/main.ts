import { CodeView } from '../shared/code-view.ts';
import { find } from '../shared/dom.ts';
import networkCode from '../shared/tetris-network.ts?raw';
import trainerCode from '../shared/tetris-trainer.ts?raw';
import './element.ts';

const code = new CodeView([
  { name: 'Model', note: 'demo/shared/tetris-network.ts', code: networkCode },
  { name: 'Training', note: 'demo/shared/tetris-trainer.ts', code: trainerCode },
]);
find(document, '#code', HTMLElement).append(code.element);
