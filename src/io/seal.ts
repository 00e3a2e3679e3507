/** "CLEBSCH1". */
const MAGIC = Uint8Array.of(0x43, 0x4c, 0x45, 0x42, 0x53, 0x43, 0x48, 0x31);
/** Magic, length (8 bytes), checksum (4 bytes), zeros. */
const HEADER = 24;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 (ISO 3309, as in zip and PNG). */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** The bytes behind a header by which a file that was written in part is recognised. */
export function sealed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(HEADER + bytes.length);
  out.set(MAGIC);
  const view = new DataView(out.buffer);
  view.setBigUint64(8, BigInt(bytes.length), true);
  view.setUint32(16, crc32(bytes), true);
  out.set(bytes, HEADER);
  return out;
}

/** The bytes that were sealed; null where they are not all there. */
export function unsealed(file: Uint8Array): Uint8Array | null {
  if (file.length < HEADER || !MAGIC.every((b, i) => file[i] === b)) return null;
  const view = new DataView(file.buffer, file.byteOffset, HEADER);
  const bytes = file.subarray(HEADER);
  if (view.getBigUint64(8, true) !== BigInt(bytes.length) || view.getUint32(16, true) !== crc32(bytes))
    return null;
  return bytes;
}

export const isWhole = (file: Uint8Array): boolean => unsealed(file) !== null;
