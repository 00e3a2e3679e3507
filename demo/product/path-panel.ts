import { type GpuContext, Irrep, type Matrix3, type Random } from '../../src/index.ts';
import { largestDifference, times } from '../shared/dense.ts';
import { find, make, setNumber, setText } from '../shared/dom.ts';
import { type LiveProgram, liveProgram } from '../shared/live-program.ts';
import { powerOfTen } from '../shared/number-text.ts';
import { couplingView } from './coupling-view.ts';
import { forbidden, onePath } from './product-nodes.ts';

/** Names of the irreps that are multiplied, and of the one that is wanted. */
export type PathNames = readonly [ir1: string, ir2: string, ir3: string];

/** The part of the page about any one path: its coefficients, the code that was generated, its equivariance. */
export class PathPanel {
  private readonly view: HTMLElement;
  private names: PathNames | null = null;
  private program: LiveProgram | null = null;

  constructor(view: HTMLElement) {
    this.view = view;
  }

  /** Another path; its program is compiled. */
  async prepare(gpu: GpuContext | null, names: PathNames): Promise<void> {
    this.dispose();
    this.names = names;
    const why = forbidden(...names);
    this.part('couplings').replaceChildren(...(why ? [] : [couplingView(...names)]));
    const [ir1, ir2, ir3] = names;
    setText(
      this.part('path-status'),
      why ?? `${ir1} × ${ir2} → ${ir3}: the triangle rule and parity allow it.`,
    );
    const program = why ? null : await liveProgram(gpu, onePath(...names));
    if (names !== this.names) return program?.dispose();
    this.program = program;
    this.showCode(gpu !== null);
  }

  /** Multiplies numbers drawn from `random`, before and after a turn. */
  async compute(matrix: Matrix3, random: Random): Promise<void> {
    const { program, names } = this;
    if (!names) return;
    const [ir1, ir2, ir3] = names.map(Irrep.parse);
    const count = this.view.querySelectorAll('#couplings tbody tr').length;
    const data = (id: string) => find(this.view, `#${id}`, HTMLDataElement);
    setNumber(data('nonzero'), count, program ? `${count} of ${ir1.dim * ir2.dim * ir3.dim}` : '–');
    if (!program) return setNumber(data('path-error'), null, '–');
    const [x, y] = [random.normals(ir1.dim), random.normals(ir2.dim)];
    const turn = (ir: Irrep, v: ArrayLike<number>) => times(ir.D({ matrix }), v);
    const out = await program.compute({ x, y, turnedX: turn(ir1, x), turnedY: turn(ir2, y) });
    if (program !== this.program) return;
    const error = largestDifference(turn(ir3, out.product), out.productOfTurned);
    setNumber(data('path-error'), error, powerOfTen(error));
  }

  dispose(): void {
    this.program?.dispose();
    this.program = null;
    this.names = null;
  }

  private showCode(onGpu: boolean): void {
    const { program } = this;
    const text = program?.shaders[0].code.trim() ?? '// There is no such path, so there is no code.';
    const lines = text.split('\n');
    const code = make('pre', 'code', make('code', '', text));
    code.tabIndex = 0;
    code.setAttribute('role', 'region');
    code.setAttribute('aria-label', 'WGSL of the path');
    this.part('wgsl').replaceChildren(code);
    // What was generated for the path begins in the main function.
    const main = lines.findIndex((line) => line.startsWith('fn main'));
    code.scrollTop = (code.scrollHeight * main) / lines.length;
    const given = onGpu ? 'the GPU was given them' : 'a GPU would be given them';
    setText(
      this.part('wgsl-note'),
      program
        ? `${lines.length} lines of WGSL, as ${given}: only products with a coefficient that is not zero are in it. A factor that all have in common, k0, comes from a table, as do offsets: paths of the same couplings share their code.`
        : '',
    );
  }

  private part(id: string): HTMLElement {
    return find(this.view, `#${id}`, HTMLElement);
  }
}
