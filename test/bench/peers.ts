/** Another engine beside Clebsch, on the same workload. */
export interface PeerFigure {
  readonly workload: string;
  /** Milliseconds of the best step of the best variant. */
  readonly peer: number;
  readonly clebsch: number;
  readonly ratio: number;
}
export async function runPeers(_d: string, _q: boolean, _log: (line: string) => void): Promise<PeerFigure[]> {
  return [];
}
