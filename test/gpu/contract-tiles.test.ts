import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GpuContext, requestDevice } from '../../src/gpu/device.ts';
import { input } from '../../src/graph/leaf.ts';
import { apply, type Node } from '../../src/graph/node.ts';
import { contract, contractionOf, contractOp } from '../../src/ops/contract.ts';
import { type ContractAttrs, type ContractSpec, contractSlots } from '../../src/ops/contract-form.ts';
import { contractKernel, contractKernelOf } from '../../src/ops/contract-kernel.ts';
import { isAligned, type Tile, tileFor, tiles } from '../../src/ops/contract-tile.ts';
import { randomFeeds } from '../support/feeds.ts';
import { gpuError } from '../support/on-gpu.ts';
import { runs } from '../support/property.ts';

/** Every tile computes what the definition says, whichever the engine would have taken. */

let gpu: GpuContext;
beforeAll(async () => {
  gpu = await requestDevice();
});
afterAll(() => gpu?.device.destroy());

/** Blocks one after the other in all three slots; several may write to, or read, the same block. */
interface Shape {
  readonly unit: 1 | 4;
  readonly perSample: boolean;
  readonly samples: number;
  readonly blocks: readonly {
    mulIn: number;
    mulOut: number;
    dim: number;
    coefficient: number;
    gap: number;
    copies: number;
    same: 'a' | 'o' | null;
  }[];
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  unit: fc.constantFrom(1 as const, 4 as const),
  perSample: fc.boolean(),
  // Tiles take up to 16 rows.
  samples: fc.constantFrom(0, 1, 2, 5, 16, 17, 43),
  blocks: fc.array(
    fc.record({
      mulIn: fc.constantFrom(1, 2, 3, 5, 8, 13),
      mulOut: fc.constantFrom(1, 2, 3, 7, 8, 15),
      dim: fc.constantFrom(1, 3, 5),
      coefficient: fc.constantFrom(1, 1, -0.5, 0),
      gap: fc.integer({ min: 0, max: 2 }),
      copies: fc.integer({ min: 1, max: 3 }),
      same: fc.constantFrom('a' as const, 'o' as const, null),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

function specOf({ unit, perSample, blocks }: Shape): ContractSpec {
  const at = { a: 0, w: 0, o: 0 };
  const list = blocks.flatMap(({ copies, same, gap, ...block }) => {
    const [mulIn, mulOut] = [block.mulIn * unit, block.mulOut * unit];
    at.w += gap * unit;
    at.o += gap * unit;
    return Array.from({ length: copies }, (_, copy) => {
      const own = { ...block, mulIn, mulOut, a: at.a, aStride: mulIn, o: at.o, oStride: mulOut, w: at.w };
      at.w += mulIn * mulOut;
      if (same !== 'a' || copy === copies - 1) at.a += mulIn * block.dim;
      if (same !== 'o' || copy === copies - 1) at.o += mulOut * block.dim;
      return own;
    });
  });
  return { blocks: list, aCols: at.a + unit, wCols: at.w + unit, oCols: at.o, perSample };
}

/** The form with each slot open. */
function nodesOf(shape: Shape): Node<ContractAttrs>[] {
  const spec = specOf(shape);
  const { samples, perSample } = shape;
  const slots = {
    a: input('a', samples, spec.aCols),
    w: input('w', perSample ? samples : 1, spec.wCols),
    o: input('o', samples, spec.oCols),
  };
  return contractSlots.map((open) => {
    const inputs = contractSlots.filter((slot) => slot !== open).map((slot) => slots[slot]);
    return apply(contractOp, inputs, { spec, open });
  });
}

const withTile = (node: Node<ContractAttrs>, tile: Tile): Node<ContractAttrs> => {
  const kernel = () => contractKernelOf(node.attrs.open, [contractionOf(node)], tile);
  return { ...node, op: { ...node.op, kernel } };
};

describe('the tile', () => {
  for (const [name, tile] of Object.entries(tiles))
    test(`${name} equals the reference`, async () => {
      if (tile.lanes > 1 && !gpu.device.features.has('subgroups')) return;
      await fc.assert(
        fc.asyncProperty(shapes, async (shape) => {
          const nodes = nodesOf(shape);
          const width = isAligned(contractionOf(nodes[0])) && shape.unit === 4 ? 4 : 1;
          // Four lanes share four steps of a sum; weights of their own are shared by none.
          if (tile.lanes > 1 && (width === 1 || shape.perSample)) return;
          const outputs = Object.fromEntries(
            nodes.map((node) => [node.attrs.open, withTile(node, { ...tile, width })]),
          );
          expect(await gpuError(gpu, outputs, randomFeeds(nodes))).toBeLessThan(1e-5);
        }),
        runs(12),
      );
    });
});

describe('the tile that is taken', () => {
  const spec = (mulIn: number, mulOut: number): ContractSpec => ({
    blocks: [{ a: 0, aStride: mulIn, o: 0, oStride: mulOut, w: 0, mulIn, mulOut, dim: 1, coefficient: 1 }],
    aCols: mulIn,
    wCols: mulIn * mulOut,
    oCols: mulOut,
    perSample: false,
  });
  const product = (samples: number, mulIn: number, mulOut: number) =>
    contractionOf(
      contract(
        spec(mulIn, mulOut),
        input('a', samples, mulIn),
        input('w', 1, mulIn * mulOut),
      ) as Node<ContractAttrs>,
    );
  const taken = (samples: number, mulIn: number, mulOut: number, tiles: boolean, quads: boolean) => {
    const { width, height, columns, lanes } = tileFor('o', [product(samples, mulIn, mulOut)], {
      tiles,
      quads,
    });
    return [width, height, columns, lanes];
  };

  test('is of one vector without tiles, and without quads one of eight or four rows', () => {
    expect(taken(1000, 64, 352, false, true)).toEqual([4, 1, 1, 1]);
    expect(taken(1000, 64, 352, true, false)).toEqual([4, 8, 1, 1]);
    expect(taken(100, 64, 352, true, false)).toEqual([4, 4, 1, 1]);
  });

  test('is wide only where there is much to do, and so wide that little is left over', () => {
    expect(taken(68, 12, 100, true, true)).toEqual([4, 4, 2, 4]);
    expect(taken(10_000, 64, 352, true, true)).toEqual([4, 4, 4, 4]);
    expect(taken(2000, 52, 52, true, true)).toEqual([4, 4, 7, 4]);
  });

  test('shares nothing between a few rows, or where numbers are not multiples of four', () => {
    expect(taken(4, 64, 352, true, true)).toEqual([4, 4, 1, 1]);
    expect(taken(1000, 127, 3, true, true)).toEqual([1, 8, 1, 1]);
  });

  test('is said in the kernel', () => {
    const kernel = contractKernel('o', [product(1000, 64, 352)], { tiles: true, quads: true });
    expect(kernel.params).toMatchObject({ HEIGHT: '4u', COLUMNS: '4u', LANES: '4u', GROUP: '16u' });
    expect(contractKernel('o', [product(1000, 64, 352)]).params).toMatchObject({ LANES: '1u' });
  });
});
