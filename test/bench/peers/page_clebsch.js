// Clebsch beside the other engines of peerbench (see README.md here): the same workloads with the same weights, on the
// built package. It goes into peerbench's folder src/, with the files of dist/ beside it.
import {
  adam,
  compile,
  filled,
  fullyConnectedNet,
  gather,
  gradient,
  Irreps,
  index,
  input,
  Layout,
  linearLayer,
  messagePassing,
  multiply,
  Parameters,
  packIndexMap,
  prefixed,
  requestDevice,
  segmentSum,
  squaredError,
  sum,
  tensor,
  tensorInput,
  tensorProduct,
  tensorProductLayer,
} from './clebsch.js';
import { f32 } from './plan.js';
import { runJob } from './runner.js';

let gpu = null;
// The data as they were loaded: plan.js keeps the harmonics of W1 only as products with Clebsch-Gordan tensors.
let loaded = null;
const norm = (values) => Math.sqrt(values.reduce((total, v) => total + v * v, 0));
const irrepsOf = (blocks) => Irreps.parse(blocks.map(({ mul, l, p }) => [mul, `${l}${p === 1 ? 'e' : 'o'}`]));

/** peerbench orders the columns of the last radial matrix by output irrep; e3nn, and Clebsch, path by path. */
function columnsAsInE3nn(groups, rows, values) {
  const cols = values.length / rows;
  const out = new Float64Array(values.length);
  for (const { paths } of groups)
    for (const { off, wOff, mul } of paths)
      for (let r = 0; r < rows; r++)
        for (let u = 0; u < mul; u++) out[r * cols + off + u] = values[r * cols + wOff + u];
  return out;
}

// W1: a training step of e3nn's SimpleNetwork. Harmonics and radial basis are inputs, as for the other engines.
function makeW1(plan) {
  const { mul } = plan;
  const hidden = [0, 1, 2].flatMap((l) => ['o', 'e'].map((p) => [mul, `${l}${p}`]));
  const network = messagePassing({
    irrepsNodeInput: '0e',
    irrepsNodeHidden: hidden,
    irrepsNodeOutput: irrepsOf(plan.layers.at(-1).out),
    irrepsNodeAttr: '0e',
    irrepsEdgeAttr: Irreps.sphericalHarmonics(2),
    layers: plan.layers.length - 1,
    fcNeurons: plan.layers[0].fcDims.slice(0, 2),
    numNeighbors: 2,
  });
  const module = { parameters: prefixed('mp', network) };
  const parameters = new Parameters(module);
  if (parameters.count !== plan.nparams)
    throw new Error(`${parameters.count} parameters, not ${plan.nparams}`);
  const layerOf = (name) => plan.layers.find(({ prefix }) => name.startsWith(prefix));
  const packed = (key) =>
    parameters.pack(
      Object.fromEntries(
        plan.params.map((p) => {
          const layer = layerOf(p.name);
          const data =
            p === plan.params.find(({ name }) => name === layer.p.fc1)
              ? columnsAsInE3nn(layer.groups, p.shape[0], p[key])
              : p[key];
          return [p.name, { shape: p.shape, data }];
        }),
      ),
    );
  const optimizer = adam(packed('data'), { learningRate: plan.lr });

  /** Output of each graph, of which `data` gives the sizes. */
  const apply = (data) => {
    const { E, N, G } = data;
    const edges = { src: index('src', E, N), dst: index('dst', E, N) };
    const ones = tensor(filled(N, 1, 1), Layout.of('0e'));
    const harmonics = tensorInput('harmonics', E, Irreps.sphericalHarmonics(2));
    const scalars = input('scalars', E, plan.layers[0].fcDims[0]);
    const weights = parameters.weights(optimizer.parameters).at('mp');
    const out = network.apply(weights, ones, ones, edges, harmonics, scalars);
    const pooled = segmentSum(out.node, index('graphs', N, G));
    return multiply(pooled, filled(pooled.rows, pooled.cols, plan.poolScale));
  };
  const feeds = ({ E, N, G, per, src, dst, emb }, Y) => ({
    src: packIndexMap(src, E, N),
    dst: packIndexMap(dst, E, N),
    graphs: packIndexMap(
      Array.from({ length: N }, (_, i) => Math.floor(i / per)),
      N,
      G,
    ),
    harmonics: f32(Y),
    // plan.js has folded the first layer's factor into them.
    scalars: emb.map((v) => v / plan.layers[0].fcScale0),
  });
  const { train, test } = plan;
  const [trainY, testY] = [loaded.train.Y, loaded.test.Y];
  const loss = squaredError(apply(train), input('labels', train.G, train.nOut));
  const [slope] = gradient(loss, [optimizer.parameters]);
  const fresh = {
    [optimizer.states.step]: [0],
    [optimizer.states.values]: Float64Array.from([
      ...packed('data'),
      ...new Array(2 * parameters.length).fill(0),
    ]),
  };

  const first = compile(gpu, { outputs: { loss }, updates: optimizer.step(slope) });
  const training = first.then((program) => {
    program.write({ ...feeds(train, trainY), labels: train.labels });
    return program;
  });
  let ready = null;
  training.then((program) => {
    ready = program;
  });
  let evaluation = null;
  const reset = () => {
    for (const [name, values] of Object.entries(fresh)) ready?.states.write(name, values);
  };
  return {
    nArrays: plan.params.length,
    reset,
    async step() {
      return (await (await training).runAndRead()).loss[0];
    },
    stepAsync() {
      const reading = ready.runAndRead();
      return { data: async () => (await reading).loss, dispose() {} };
    },
    async check(which) {
      const { states } = await training;
      const program = await compile(gpu, { outputs: { loss, slope } }, { states });
      program.write({ ...feeds(train, trainY), labels: train.labels });
      states.write(
        optimizer.states.values,
        Float64Array.from([...packed(which), ...new Array(2 * parameters.length).fill(0)]),
      );
      const values = await program.runAndRead();
      program.dispose();
      const arrays = parameters.unpack(values.slope);
      return {
        loss: values.loss[0],
        norms: Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, norm(data)])),
      };
    },
    async predict() {
      evaluation ??= training.then(async ({ states }) => {
        const program = await compile(gpu, { outputs: { y: apply(test) } }, { states });
        program.write(feeds(test, testY));
        return program;
      });
      return (await (await evaluation).runAndRead()).y;
    },
  };
}

// W2: one convolution; forward, and with the gradient of the sum of squares.
function makeW2(plan) {
  const { N, E, inB, groups, fcDims } = plan;
  const features = irrepsOf(inB);
  const harmonics = Irreps.sphericalHarmonics(2);
  const paths = groups.flatMap((g) => g.paths).sort((a, b) => a.off - b.off);
  const spec = tensorProduct(
    features,
    harmonics,
    paths.map(({ mul, l3, p3 }) => [mul, `${l3}${p3 === 1 ? 'e' : 'o'}`]),
    paths.map(({ i, l2 }, o) => [i, l2, o, 'uvu', true]),
  );
  const product = tensorProductLayer(spec);
  const radial = fullyConnectedNet([...fcDims.slice(0, 2), spec.weightNumel], 'silu', {
    outPositions: product.weightPositions,
    outCols: product.weightLength,
  });
  const parameters = new Parameters(radial);
  const row = input('weights', 1, parameters.length);
  const x = tensor(input('x', N, product.layoutIn1.cols), product.layoutIn1);
  const edges = { src: index('src', E, N), dst: index('dst', E, N) };
  const weights = radial.apply(parameters.weights(row), input('scalars', E, fcDims[0]));
  const messages = product.apply(
    weights,
    tensor(gather(x.node, edges.src), x.layout),
    tensorInput('harmonics', E, harmonics),
  );
  const sums = segmentSum(messages.node, edges.dst);
  const loss = sum(multiply(sums, sums), 'all');
  const [byX, byWeights] = gradient(loss, [x.node, row]);
  if (x.node.cols !== plan.x.length / N) throw new Error('the features are laid out in another way');
  const feeds = {
    // Component by component in both.
    x: plan.x,
    src: packIndexMap(plan.src, E, N),
    dst: packIndexMap(plan.dst, E, N),
    harmonics: plan.Y,
    scalars: plan.emb.map((v) => v * Math.sqrt(fcDims[0])),
    weights: parameters.pack({
      'layer0.weight': { shape: fcDims.slice(0, 2), data: plan.fc0 },
      'layer1.weight': { shape: fcDims.slice(1), data: columnsAsInE3nn(groups, fcDims[1], plan.fc1) },
    }),
  };
  const made = async (outputs) => {
    const program = await compile(gpu, { outputs });
    program.write(feeds);
    return program;
  };
  let forward = null;
  let both = null;
  return {
    async forward() {
      forward ??= made({ sums });
      (await forward).run();
      await gpu.device.queue.onSubmittedWorkDone();
    },
    async both(read) {
      both ??= made({ loss, byX, byWeights });
      const program = await both;
      if (!read) return { loss: (await program.runAndRead({ outputs: ['loss'] })).loss[0] };
      const values = await program.runAndRead();
      const arrays = parameters.unpack(values.byWeights);
      const norms = {
        x: norm(values.byX),
        fc0: norm(arrays['layer0.weight'].data),
        fc1: norm(arrays['layer1.weight'].data),
      };
      return { loss: values.loss[0], norms };
    },
  };
}

// W3: a product of two n x n matrices, as a linear map of n channels.
function makeGemm(n) {
  const linear = linearLayer(`${n}x0e`, `${n}x0e`);
  const parameters = new Parameters(linear);
  const row = input('weights', 1, parameters.length);
  const y = linear.apply(parameters.weights(row), tensorInput('x', n, `${n}x0e`)).node;
  const numbers = (count) => Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5);
  const made = compile(gpu, { outputs: { y } }).then((program) => {
    program.write({ weights: numbers(parameters.length), x: numbers(n * n) });
    return program;
  });
  return async (k) => {
    (await made).run({ times: k });
    await gpu.device.queue.onSubmittedWorkDone();
  };
}

const impl = {
  async init(backend) {
    if (backend !== 'webgpu') throw new Error(`clebsch: there is no backend ${backend}`);
    gpu = await requestDevice();
    return { adapter: gpu.adapterName };
  },
  makeW1,
  makeW2,
  makeGemm,
};
export const run = (job, env) =>
  runJob(job, impl, {
    ...env,
    json: async (name) => {
      loaded = await env.json(name);
      return loaded;
    },
  });
globalThis.peerbench = { run };
