import katex from 'katex';
import type { Plugin } from 'vite';

const FORMULA = /<tex( display)?>([\s\S]*?)<\/tex>/g;
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/**
 * Formulas of pages, `<tex>l = 1</tex>` in a line and `<tex display>...</tex>` on their own, become MathML when a page is
 * served or built: browsers draw it themselves, it needs neither styles nor a script, and screen readers read it.
 */
export function texPlugin(): Plugin {
  return {
    name: 'clebsch-tex',
    transformIndexHtml: { order: 'pre', handler: withFormulas },
  };
}

/** HTML whose formulas are MathML. Throws where TeX is not valid, with the formula. */
export function withFormulas(html: string): string {
  return html.replace(FORMULA, (_, display: string | undefined, text: string) => {
    const tex = text.replace(/&(lt|gt|amp);/g, (entity) => ENTITIES[entity]).trim();
    const mathml = katex.renderToString(tex, {
      output: 'mathml',
      displayMode: display !== undefined,
      throwOnError: true,
      strict: 'error',
    });
    return display === undefined ? mathml : `<span class="formula">${mathml}</span>`;
  });
}
