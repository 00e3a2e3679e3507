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
 * What every page of the story has around it: the way to the pages before and after it. In what is built also a policy, for
 * servers that send none: nothing inline, nothing from elsewhere, no eval.
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
        const here = folders.findIndex((folder) => path.endsWith(`/${folder}/index.html`));
        const linked = here < 0 ? html : withLinks(html, here);
        const content = building ? POLICY : null;
        const policy = {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: content ?? '' },
        };
        return { html: linked, tags: content ? [{ ...policy, injectTo: 'head-prepend' as const }] : [] };
      },
    },
    // In what is built elements are modules of their own; from the dev server they come under the same names.
    configureServer({ middlewares }) {
      middlewares.use((request, _, next) => {
        request.url = request.url?.replace(/^\/elements\/(\w+)\.js(?=$|\?)/, '/$1/element.ts');
        next();
      });
    },
  };
}

/** Nothing inline, nothing from elsewhere, no eval. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'";

function withLinks(html: string, here: number): string {
  const link = (at: number, rel: string, before: string, after: string) => {
    const folder = folders[at];
    return folder
      ? `<a rel="${rel}" href="../${folder}/">${before}${story[folder]}${after}</a>`
      : '<span></span>';
  };
  const links = `${link(here - 1, 'prev', '← ', '')}<a href="../">All pages</a>${link(here + 1, 'next', '', ' →')}`;
  const nav = (label: string) => `<nav class="story" aria-label="${label}">${links}</nav>`;
  return html
    .replace(/<body[^>]*>/, (body) => `${body}${nav('Pages')}`)
    .replace('</body>', `${nav('Further pages')}</body>`);
}
