// What the text of every page needs: a formula that is too wide for the screen scrolls, with the keyboard too.
import { stopsWhereItScrolls } from './shared/scroll-stop.ts';

for (const formula of document.querySelectorAll<HTMLElement>('.formula')) stopsWhereItScrolls(formula);
