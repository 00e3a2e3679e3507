import type { ConvolutionElement } from '../convolution/element.ts';
import type { HarmonicsElement } from '../harmonics/element.ts';
import type { ProductElement } from '../product/element.ts';
import type { SymmetryElement } from '../symmetry/element.ts';
import type { TensorsElement } from '../tensors/element.ts';
import type { TetrisElement } from '../tetris/element.ts';

/** What a table of fields does not say; a field without a sentence does not compile. */
interface About<S> {
  readonly attributes: Readonly<Record<keyof S & string, string>>;
  /** Groups of controls. */
  readonly controls: Readonly<Record<string, string>>;
  /** Events besides `error`, with their details. */
  readonly events: Readonly<Record<string, string>>;
}

const turn = 'the angles α, β, γ in degrees: R = Ry(α) Rx(β) Ry(γ)';
const inverted = 'whether everything is inverted as well';
const rotate = 'the sliders and buttons that turn; drags and arrow keys work without them';
const code = '“See the code”';

export const about: {
  readonly tensors: About<TensorsElement['state']>;
  readonly harmonics: About<HarmonicsElement['state']>;
  readonly product: About<ProductElement['state']>;
  readonly convolution: About<ConvolutionElement['state']>;
  readonly symmetry: About<SymmetryElement['state']>;
  readonly tetris: About<TetrisElement['state']>;
} = {
  tensors: {
    attributes: {
      kind: 'the kind of tensor',
      example: 'which of its examples, as listed',
      values: 'components of your own, row by row, instead of an example; rank 4 has examples only',
      turn,
      inverted,
    },
    controls: { tensor: 'the lists of tensors and examples', rotate, code },
    events: {},
  },
  harmonics: {
    attributes: {
      l: 'the degree',
      c: 'the 2l + 1 coefficients, m = −l to l; where there are not so many, the harmonic m = 0',
      turn,
      inverted,
    },
    controls: {
      all: 'the picture of all harmonics',
      function: 'the lists of degrees and functions',
      rotate,
      code,
    },
    events: {},
  },
  product: {
    attributes: {
      a: 'the first vector',
      b: 'the second vector',
      ir1: 'the first irrep of “any path”',
      ir2: 'the second one',
      ir3: 'the irrep of their product',
      rotation: 'the number of the random rotation that measures the equivariance error',
    },
    controls: { vectors: 'the components of a and b', table: '“Any path” and its code', code },
    events: {},
  },
  convolution: {
    attributes: {
      part: 'the whole page, or one half of it',
      seed: 'the seed of the points, their features, the first weights and the training data',
      learningRate: 'the learning rate',
      radius: 'how far neighbours may be',
      path: 'the number of the path, as listed',
      from: 'the component of the path’s input',
      to: 'the component of its output',
      plane: 'the plane of the slice through the filter',
      centre: 'the point whose neighbours are added up',
      added: 'how many neighbours have been added',
      operation: 'which operation is compared before and after a turn',
      rotate: 'the angles α, β, γ of that turn, in degrees',
      invert: 'whether that turn inverts as well',
    },
    controls: {
      play: 'Train, Step, Reset',
      settings: 'learning rate and seed',
      radius: 'the slider of the radius',
      path: 'path, components and plane',
      centre: 'the point and its neighbours',
      operation: 'the list of operations',
      rotate,
      code,
    },
    events: {
      step: '{ step, loss }, after every step of training',
      trained: '{ step, loss }, when the loss of a batch is below 0.01 for the first time',
    },
  },
  symmetry: {
    attributes: {
      part: 'the whole page, or one half of it',
      seed: 'the seed of the first weights',
      learningRate: 'the learning rate',
      stretch: 'how far the rectangle is from the square',
      order: 'the irreps of the order parameter',
      turned: 'whether the order parameter is turned by 90°',
      structure: 'the molecule or crystal',
      distortion: 'how it is disturbed',
      amount: 'how much: in Å, or as a share of the length where it is stretched',
      shown: 'the irrep that is drawn at its atoms',
    },
    controls: {
      play: 'Train, Step, Reset',
      settings: 'learning rate and seed',
      stretch: 'the slider of the rectangle',
      order: 'the list of order parameters',
      turned: 'the switch that turns the order parameter',
      structure: 'the list of structures',
      distortion: 'how the structure is disturbed',
      shown: 'the list of irreps to draw',
      code,
    },
    events: {
      step: '{ step, losses: { collapse, stretch, broken } }, after every step of training',
      trained: '{ step }, when rectangle to square, and back with an order parameter, are solved',
    },
  },
  tetris: {
    attributes: {
      mul: 'multiplicity: copies of each hidden irrep',
      lmax: 'the highest degree of hidden features and harmonics',
      layers: 'the number of gated layers',
      parity:
        'the symmetry of the network: rotations and mirrors, the same without odd scalars, rotations only',
      seed: 'the seed of the first weights',
      learningRate: 'the learning rate; it may be changed while training goes on',
      turn: '0: the shapes stand as they are trained; else the seed of random rotations',
      poses:
        'the shapes that were turned one by one: shape,alpha,beta,gamma for each, with angles in degrees',
      mirror: 'whether the shapes are shown as in a mirror',
      autoplay: 'whether it trains without being asked',
    },
    controls: {
      play: 'Train, Step, Reset',
      rotate: 'the buttons that turn, and the table of outputs; drags and arrow keys work only with them',
      settings: 'learning rate, multiplicity, lmax, layers, seed',
      parity: '“Mirror it”',
      ordinary: 'the comparison with an ordinary network',
      sphere: 'the map of orientations',
      inside: 'features, radial functions and filters',
      code,
    },
    events: {
      step: '{ step, loss }, after every step of training',
      trained: '{ step, loss, recognised }, when all eight shapes are recognised',
    },
  },
};
