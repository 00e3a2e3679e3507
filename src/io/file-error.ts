/**
 * A file that cannot be read: damaged, hostile, or of another kind. The message says which format, where in the
 * file, what is wrong with which number, and what to do.
 *
 * @example
 * ```ts
 * import { FileError, readSafetensors } from 'clebsch';
 * const message = () => {
 *   try {
 *     readSafetensors(new Uint8Array(3));
 *   } catch (error) {
 *     return error instanceof FileError && error.where;
 *   }
 * };
 * message(); // => "byte 3"
 * ```
 */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** The format: "safetensors", "npy", "xyz", "checkpoint". */
  readonly format: string;
  /** Where in the file: a byte, a line, a tensor. */
  readonly where: string;

  constructor(format: string, where: string, what: string) {
    super(`${format}, ${where}: ${what}`);
    this.format = format;
    this.where = where;
  }
}

/** Text of a file as messages have it: in quotes, control characters escaped, cut where it is long. */
export function quoted(text: string, most = 80): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}...` : text);
}

/** The first few of a list, and how many there are in all. */
export function listed(names: readonly string[], most = 10): string {
  const first = names.slice(0, most).map((name) => quoted(name));
  return `${first.join(', ')}${names.length > most ? `, ... (${names.length} in all)` : ''}`;
}
