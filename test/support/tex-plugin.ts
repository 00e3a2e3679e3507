import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import katex from 'katex';
import type { Plugin } from 'vite';

const FORMULA = /<tex( display)?>([\s\S]*?)<\/tex>/g;
const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };
const KATEX = dirname(createRequire(import.meta.url).resolve('katex/dist/katex.min.css'));
/** The sheet of all formulas, as a page links it. There is no such file: it stands beside the fonts, so to say. */
const SHEET = '/@formulas.css';
const SHEET_FILE = join(KATEX, 'formulas.css');

/**
 * Formulas of pages, `<tex>l = 1</tex>` in a line and `<tex display>...</tex>` on their own, are set by KaTeX when a page
 * is served or built. MathML for screen readers is in it. What KaTeX writes as `style="..."` become classes of a sheet
 * that pages with formulas link, so that a strict policy need not allow inline styles.
 */
export function texPlugin(demo: string): Plugin {
  return {
    name: 'clebsch-tex',
    transformIndexHtml: {
      order: 'pre',
      handler: (html) => {
        const page = withFormulas(html);
        if (page.html === html) return html;
        const link = {
          tag: 'link',
          attrs: { rel: 'stylesheet', href: SHEET },
          injectTo: 'head-prepend' as const,
        };
        return { html: page.html, tags: [link] };
      },
    },
    resolveId: {
      filter: { id: /^\/@formulas\.css/ },
      handler: (id) => id.replace(SHEET, SHEET_FILE),
    },
    load: {
      filter: { id: /formulas\.css/ },
      handler(id) {
        return id.startsWith(SHEET_FILE) ? sheetOf(demo) : undefined;
      },
    },
  };
}

/** HTML whose formulas are set, and the rules of the classes in it. Throws where TeX is not valid, with the formula. */
export function withFormulas(html: string): { html: string; rules: ReadonlyMap<string, string> } {
  const rules = new Map<string, string>();
  const set = html.replace(FORMULA, (_, display: string | undefined, text: string) => {
    const tex = text.replace(/&(lt|gt|amp);/g, (entity) => ENTITIES[entity]).trim();
    const formula = katex.renderToString(tex, { displayMode: display !== undefined, strict: 'error' });
    const plain = withoutInlineStyles(formula, rules);
    // A wide one scrolls on a narrow screen; demo/page.ts makes it a tab stop then.
    return display === undefined ? plain : `<span class="formula">${plain}</span>`;
  });
  return { html: set, rules };
}

function withoutInlineStyles(html: string, rules: Map<string, string>): string {
  return html.replace(/<(\w+)([^>]*?)\sstyle="([^"]*)"([^>]*)>/g, (_, tag, before, style, after) => {
    const name = `k${[...style].reduce((hash, c) => (Math.imul(hash, 31) + c.charCodeAt(0)) >>> 0, 7).toString(36)}`;
    if ((rules.get(name) ?? style) !== style) throw new Error(`two styles of formulas get one name, ${name}`);
    rules.set(name, style);
    const attributes = `${before}${after}`;
    return / class="/.test(attributes)
      ? `<${tag}${attributes.replace(/ class="/, ` class="${name} `)}>`
      : `<${tag} class="${name}"${attributes}>`;
  });
}

/** KaTeX's own sheet with one format of its fonts, and the rules of the formulas of all pages. */
function sheetOf(demo: string): string {
  const sheet = readFileSync(join(KATEX, 'katex.min.css'), 'utf8').replace(
    /(url\(fonts\/[\w-]+\.woff2\) format\("woff2"\))[^;}]*/g,
    '$1',
  );
  const rules = new Map<string, string>();
  for (const file of readdirSync(demo, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.html'))
      for (const rule of withFormulas(readFileSync(join(demo, file), 'utf8')).rules) rules.set(...rule);
  // The name four times: what stood in the element itself goes before all rules of the sheet.
  return sheet + [...rules].map(([name, style]) => `.${name}.${name}.${name}.${name}{${style}}`).join('\n');
}
