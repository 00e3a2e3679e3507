// The reference of all elements: names, rules and starting values are read off the elements themselves.
import { ConvolutionElement } from '../convolution/element.ts';
import { HarmonicsElement } from '../harmonics/element.ts';
import { ProductElement } from '../product/element.ts';
import { find, fragment, headCell, make } from '../shared/dom.ts';
import { type Fields, keyOf } from '../shared/fields.ts';
import { scrolling } from '../shared/heat-table.ts';
import { SymmetryElement } from '../symmetry/element.ts';
import { TensorsElement } from '../tensors/element.ts';
import { TetrisElement } from '../tetris/element.ts';
import { about } from './about.ts';

const elements: Readonly<Record<keyof typeof about, { readonly fields: Fields }>> = {
  tensors: TensorsElement,
  harmonics: HarmonicsElement,
  product: ProductElement,
  convolution: ConvolutionElement,
  symmetry: SymmetryElement,
  tetris: TetrisElement,
};

function tableOf(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const named = (text: string) => {
    const cell = headCell('', 'row');
    cell.append(make('code', '', text));
    return cell;
  };
  const table = make(
    'table',
    'ruled reference',
    make('caption', 'visually-hidden', caption),
    make('thead', '', make('tr', '', ...heads.map((text) => headCell(text, 'col')))),
    make(
      'tbody',
      '',
      ...rows.map(([name, ...texts]) =>
        make('tr', '', named(name), ...texts.map((text) => make('td', '', text))),
      ),
    ),
  );
  return scrolling(caption, table);
}

for (const [name, { fields }] of Object.entries(elements)) {
  const { attributes, controls, events } = about[name as keyof typeof about];
  const tag = `clebsch-${name}`;
  const told = Object.entries(events);
  const section = make('section', '', make('h2', '', `<${tag}>`));
  section.id = name;
  section.append(
    fragment(`<pre class="code wrapped"><code></code></pre>`),
    tableOf(
      `Attributes of ${tag}`,
      ['attribute', 'what it is', 'must be', 'starts as'],
      Object.entries(fields).map(([field, { rule, write, default: start }]) => [
        keyOf(fields, field),
        attributes[field as keyof typeof attributes],
        rule,
        write(start) || 'empty',
      ]),
    ),
    tableOf(`Controls of ${tag}`, ['in controls', 'what it shows'], Object.entries(controls)),
    told.length > 0 ? tableOf(`Events of ${tag}`, ['event', 'detail, and when'], told) : '',
  );
  find(section, 'code', HTMLElement).textContent =
    `<script type="module" src="elements/${name}.js"></script>\n<${tag}></${tag}>`;
  find(document, '#elements', HTMLElement).append(section);
}
