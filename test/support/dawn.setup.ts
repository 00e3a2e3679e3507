// Setup file of the `dawn` test project: the same test/gpu files in Node, on Dawn.
import { installNodeGpu } from './node-gpu.ts';

await installNodeGpu();
