import { expect, test } from 'vitest';
import { withFormulas } from './tex-plugin.ts';

test('formulas are set, with MathML, and without inline styles', () => {
  const page = String.raw`<p>Of degree <tex>l &lt; 3</tex>:</p><tex display>\sqrt{\frac{2l+1}{4\pi}}</tex>`;
  const { html, rules } = withFormulas(page);
  expect(html).toContain('<p>Of degree <span class="katex">');
  expect(html).toContain('<annotation encoding="application/x-tex">l &lt; 3</annotation>');
  expect(html).toContain('<span class="formula"><span class="katex-display">');
  expect(html).not.toMatch(/ style=/);
  expect(rules.size).toBeGreaterThan(0);
  for (const [name, style] of rules) {
    expect(html).toMatch(new RegExp(`class="${name}[ "]`));
    expect(style).toMatch(/^([\w-]+:[^;]+;)+$/);
  }
});

test('what is no formula stays as it is', () => {
  const page = '<p style="color: red">text &amp; <a href="tex">more</a></p>';
  expect(withFormulas(page).html).toBe(page);
});

test('TeX that is not valid is an error that shows it', () => {
  expect(() => withFormulas(String.raw`<tex>\frac{1}</tex>`)).toThrow(/frac/);
});
