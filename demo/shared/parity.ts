/**
 * What the network is told of mirrors. `o3`: rotations and reflections, as e3nn's example has them. `even`: the same without odd
 * scalars, 0o, between the layers and at the end. `so3`: rotations only; every irrep counts as even.
 */
export const parities = ['o3', 'even', 'so3'] as const;
export type Parity = (typeof parities)[number];
