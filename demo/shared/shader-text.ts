import type { CodeText } from './code-view.ts';

/** The WGSL of the tensor product among the dispatches of a program, as it ran: of a whole message where the two are one op. */
export function shaderText(
  shaders: readonly { readonly label: string; readonly code: string }[],
  without: string,
): CodeText {
  const kernel = shaders.find(({ label }) => /tensorProduct|edgeProduct/.test(label)) ?? shaders[0];
  return {
    name: 'WGSL',
    note: kernel ? `As it ran: ${kernel.label}.` : `Without WebGPU no shader ran: ${without}`,
    code: kernel?.code ?? '',
  };
}
