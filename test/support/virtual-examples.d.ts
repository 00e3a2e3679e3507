declare module 'virtual:examples' {
  export const examples: {
    file: string;
    line: number;
    gpu: boolean;
    run(check: (actual: unknown, expected: unknown, where: string) => void): Promise<void>;
  }[];
}
