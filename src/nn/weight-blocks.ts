/**
 * Weight blocks [mulIn, mulOut] of a linear map, padded in memory: where each stands, and where each of e3nn's
 * numbers goes. `slices` gives e3nn's [start, stop) and the true sizes.
 */
export function packWeightBlocks(
  slices: readonly { start: number; mulIn: number; mulOut: number; paddedIn: number; paddedOut: number }[],
  numel: number,
): { offsets: number[]; packedLength: number; positions: Int32Array | null } {
  const positions = new Int32Array(numel);
  const offsets: number[] = [];
  let packedLength = 0;
  let same = true;
  for (const { start, mulIn, mulOut, paddedIn, paddedOut } of slices) {
    offsets.push(packedLength);
    same &&= start === packedLength && mulIn === paddedIn && mulOut === paddedOut;
    for (let u = 0; u < mulIn; u++)
      for (let w = 0; w < mulOut; w++) positions[start + u * mulOut + w] = packedLength + u * paddedOut + w;
    packedLength += paddedIn * paddedOut;
  }
  return { offsets, packedLength, positions: same ? null : positions };
}
