import { type KindName, reduceKind } from './tensor-kinds.ts';

/** How e3nn computes the same. */
export function pythonOf(name: KindName): string {
  const kind = reduceKind(name);
  if (kind.formula === 'i')
    return `from e3nn import o3

irreps = o3.Irreps('${kind.irreps}')
R = o3.rand_matrix()
D = irreps.D_from_matrix(R)   # of -R for the inverted one
t_turned = D @ t`;
  return `from e3nn import io, o3

x = io.CartesianTensor('${kind.formula}')   # ${kind.irreps}
Q = o3.ReducedTensorProducts('${kind.formula}', ${[
    ...new Set(kind.formula.includes('=') ? 'i' : kind.formula),
  ]
    .map((letter) => `${letter}='1o'`)
    .join(', ')}).change_of_basis
irreps = torch.einsum('k${kind.formula.split('=')[0]},${kind.formula.split('=')[0]}->k', Q, t)
turned = x.D_from_matrix(R) @ irreps`;
}
