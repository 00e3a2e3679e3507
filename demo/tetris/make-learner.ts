import { constant, type GpuContext, normLayer, type TrainerEvent } from '../../src/index.ts';
import { OrdinaryTrainer } from '../shared/ordinary-trainer.ts';
import { allShapes, batchOf } from '../shared/tetris-batch.ts';
import { gatePoints } from '../shared/tetris-network.ts';
import { TetrisTrainer } from '../shared/tetris-trainer.ts';
import { type Predictions, type StartTraining, type Training, trainOn } from '../shared/training.ts';
import { type Learner, type LearnerRequest, RADII } from './learner.ts';

export async function makeLearner(
  where: GpuContext | StartTraining,
  request: LearnerRequest,
  onEvent?: (event: TrainerEvent) => void,
): Promise<Learner> {
  const start = typeof where === 'function' ? where : trainOn(where);
  if (request.kind === 'equivariant') return equivariant(start, request, onEvent);
  const trainer = await OrdinaryTrainer.create(start, request);
  return {
    ...common(trainer.training, trainer.examplesPerStep),
    answers: (points) => trainer.answers(points),
    dispose: () => trainer.dispose(),
  };
}

function common(training: Training, examples: number): Learner {
  const absent = async () => {
    throw new Error('this network has no such thing');
  };
  return {
    facts: { parameters: training.parameters.count, bytes: training.bytes, examples, irreps: [], paths: [] },
    async step() {
      const { step, loss } = await training.step();
      return { step, loss };
    },
    setLearningRate: (value) => training.setLearningRate(value),
    outputs: absent,
    answers: absent,
    features: absent,
    radial: absent,
    shaders: async () => training.shaders(),
    dispose: () => training.dispose(),
  };
}

/** Steps that are worth taking on kernels that compile fast, where few copies of an irrep make them short. */
const quickStart = (mul: number) => (mul <= 16 ? 16 : 0);

async function equivariant(
  start: StartTraining,
  request: LearnerRequest & { kind: 'equivariant' },
  onEvent?: (event: TrainerEvent) => void,
): Promise<Learner> {
  const recipe = gatePoints(request);
  const { network } = recipe;
  // What follows takes the page's thread for a while: the network's tables are a task of their own.
  await new Promise((later) => setTimeout(later));
  const trainer = await TetrisTrainer.create(start, {
    ...request,
    recipe,
    onEvent,
    quickStart: quickStart(request.mul),
  });
  const { training } = trainer;
  const irreps = network.irrepsNodeSequence.slice(1);
  const batch = batchOf(allShapes, recipe);
  let features: Predictions | null = null;
  const radial = new Map<number, Predictions>();
  const base = common(training, allShapes.length - 1);
  return {
    ...base,
    facts: { ...base.facts, irreps: irreps.map(String), paths: network.paths },
    outputs: (points) => trainer.outputs(points),
    async features(points) {
      // Compiled when somebody looks.
      features ??= training.evaluator((weights) =>
        Object.fromEntries(
          network
            .features(weights, batch.graph)
            .map((x, layer) => [`layer${layer}`, normLayer(irreps[layer]).apply(x).node]),
        ),
      );
      const values = await features.run({ ...batch.feeds, pos: points });
      return irreps.map((own, layer) => meanOverNodes(values[`layer${layer}`], own.numIrreps));
    },
    async radial(layer, path) {
      let program = radial.get(layer);
      if (!program) {
        program = training.evaluator((weights) => ({
          functions: network.radial(weights, layer, constant([...RADII], RADII.length, 1)),
        }));
        radial.set(layer, program);
      }
      const { functions } = await program.run({});
      const cols = functions.length / RADII.length;
      return network.paths[layer][path].columns.map((column) =>
        Float32Array.from(RADII, (_, r) => functions[r * cols + column]),
      );
    },
    dispose: () => trainer.dispose(),
  };
}

/** Root mean square over the four nodes of each shape. */
function meanOverNodes(norms: ArrayLike<number>, columns: number): Float32Array {
  const out = new Float32Array(allShapes.length * columns);
  for (let node = 0; node < 4 * allShapes.length; node++)
    for (let c = 0; c < columns; c++)
      out[Math.floor(node / 4) * columns + c] += norms[node * columns + c] ** 2 / 4;
  return out.map(Math.sqrt);
}
