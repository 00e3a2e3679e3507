/** Values over steps for a chart; when there are more than a screen has pixels, every second one is dropped. */
export class Curves {
  readonly columns: (number | null)[][];
  private stride = 1;

  constructor(count: number) {
    this.columns = Array.from({ length: count + 1 }, () => []);
  }

  add(step: number, values: readonly (number | null)[]): void {
    if (step % this.stride !== 0) return;
    [step, ...values].forEach((value, i) => {
      this.columns[i].push(value);
    });
    if (this.columns[0].length <= 2000) return;
    this.stride *= 2;
    const kept = this.columns[0].map((s) => s! % this.stride === 0);
    this.columns.forEach((column) => {
      column.splice(0, column.length, ...column.filter((_, i) => kept[i]));
    });
  }
}
