import { type Gate, gate } from '../nn/gate.ts';
import { Irrep } from '../o3/irrep.ts';
import { Irreps } from '../o3/irreps.ts';
import { pathExists } from '../o3/path-selection.ts';

/**
 * The gate after layer number `layer` of a network: it keeps those hidden irreps that a path from `node` by `edgeAttr`
 * can reach. Even scalars go through silu and odd ones through tanh; gates are even where a path gives even scalars, and
 * go through sigmoid (even) or tanh (odd).
 *
 * @throws Error if there are irreps to gate, but no path gives scalars.
 */
export function hiddenGate(layer: number, node: Irreps, edgeAttr: Irreps, hidden: Irreps): Gate {
  const reached = (ir: Irrep) => pathExists(node, edgeAttr, ir);
  const part = (keep: (ir: Irrep) => boolean) =>
    Irreps.parse(
      hidden.blocks
        .filter(({ ir }) => keep(ir) && reached(ir))
        .map(({ mul, ir }): [number, Irrep] => [mul, ir]),
    );
  const scalars = part((ir) => ir.l === 0).simplify();
  const gated = part((ir) => ir.l > 0);
  const gateIr = [Irrep.of(0, 1), Irrep.of(0, -1)].find(reached);
  if (gated.dim > 0 && !gateIr)
    throw new Error(
      `layer ${layer}: ${node} with ${edgeAttr} gives no scalars, so nothing can gate ${gated}`,
    );
  const gates = Irreps.parse(gated.blocks.map(({ mul }): [number, Irrep] => [mul, gateIr!])).simplify();
  return gate(
    scalars,
    scalars.blocks.map(({ ir }) => (ir.p === 1 ? 'silu' : 'tanh')),
    gates,
    gates.blocks.map(({ ir }) => (ir.p === 1 ? 'sigmoid' : 'tanh')),
    gated,
  );
}
