import type { Plugin } from 'vite';

/** The pages in the order in which they tell the story, by their folders in demo/. */
export const story = {
  tensors: 'Geometric tensors',
  harmonics: 'Spherical harmonics',
  product: 'The tensor product',
  convolution: 'Convolution',
  symmetry: 'Symmetry in, symmetry out',
  tetris: '3D Tetris',
} as const satisfies Readonly<Record<string, string>>;

const folders = Object.keys(story) as (keyof typeof story)[];

/**
 * What pages have in common: the lines of their heads, and the way to the pages before and after. In what is built also a
 * policy, for servers that send none: nothing inline, nothing from elsewhere, no eval. The page with embedded elements is a
 * teacher's, and stays as it is.
 */
export function storyPlugin(): Plugin {
  let building = false;
  return {
    name: 'clebsch-story',
    configResolved(config) {
      building = config.command === 'build';
    },
    transformIndexHtml: {
      order: 'pre',
      handler(html, { path }) {
        const [, folder = ''] = /(?:^|\/)(\w+)\/index\.html$/.exec(path) ?? [];
        if (folder === 'embed') return html;
        const here = folders.indexOf(folder as keyof typeof story);
        const framed = withHead(html, folder ? '../' : './', folder !== '');
        const policy = {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
          injectTo: 'head-prepend' as const,
        };
        return { html: here < 0 ? framed : withLinks(framed, here), tags: building ? [policy] : [] };
      },
    },
    // In what is built elements are modules of their own; from the dev server they come under the same names.
    resolveId: {
      filter: { id: /^\/elements\/\w+\.js$/ },
      handler(id) {
        return this.resolve(id.replace(/^\/elements\/(\w+)\.js$/, '/$1/element.ts'));
      },
    },
  };
}

/** Nothing inline, nothing from elsewhere, no eval. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'";

/** Everything but the title and the description, which are the page's own. */
function withHead(html: string, root: string, hasProgram: boolean): string {
  const lines = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<link rel="icon" type="image/svg+xml" href="${root}icon.svg">`,
    `<link rel="stylesheet" href="${root}style.css">`,
    ...(hasProgram ? ['<script type="module" src="./main.ts"></script>'] : []),
    `<script type="module" src="${root}page.ts"></script>`,
  ];
  return html.replace('<head>', `<head>\n    ${lines.join('\n    ')}`);
}

function withLinks(html: string, here: number): string {
  const link = (at: number, rel: string, text: string) =>
    `<a rel="${rel}" href="../${folders[at]}/">${text}</a>`;
  const title = (at: number) => story[folders[at]];
  const before = here === 0 ? '<span></span>' : link(here - 1, 'prev', `←&nbsp;${title(here - 1)}`);
  const after =
    here + 1 < folders.length
      ? link(here + 1, 'next', `${title(here + 1)}&nbsp;→`)
      : '<a href="../#teachers">For your own pages&nbsp;→</a>';
  const links = `${before}<a href="../">All pages</a>${after}`;
  const nav = (label: string) => `<nav class="story" aria-label="${label}">${links}</nav>`;
  return html
    .replace(/<body[^>]*>/, (body) => `${body}${nav('Pages')}`)
    .replace('</body>', `${nav('Further pages')}</body>`);
}
