import { trainingButtons } from '../shared/training-buttons.ts';
import { siteHtml } from './site-view.ts';
import { squareHtml } from './square-view.ts';

/** What the element shows, before anything was computed. */
export const template = `
  <div class="part" data-part="square">
    <div class="controls" role="group" aria-label="Training">
      ${trainingButtons}
      <label data-controls="stretch"><span>Stretch s = <b class="stretch-value"></b></span>
        <input type="range" name="stretch" min="0.05" max="0.6" step="0.05"></label>
      <label data-controls="order">Order parameter
        <select name="order"><option>1o+1e</option><option>2e</option><option>1o+1e+2e</option><option>1o+1e+2e+3o+4e</option></select></label>
      <label data-controls="settings">Learning rate <input name="learningRate" inputmode="decimal" size="6"></label>
      <label data-controls="settings">Seed <input name="seed" inputmode="numeric" size="6"></label>
    </div>
    ${squareHtml}
  </div>
  <div class="part" data-part="structure">
    <div class="controls" role="group" aria-label="Structure">
      <label data-controls="structure">Structure
        <select name="structure"><option value="octahedron">SF₆ (octahedron)</option><option value="perovskite">SrTiO₃, one cell</option><option value="tetrahedron">CH₄ (tetrahedron)</option></select></label>
      <label data-controls="distortion">Disturb it
        <select name="distortion"><option value="none">not at all</option><option value="stretch">stretch it along z</option><option value="shift">push the centre along z</option><option value="shake">shake all atoms</option></select></label>
      <label data-controls="distortion"><span>by <b class="amount-value"></b></span>
        <input type="range" name="amount" min="0" max="0.5" step="0.01"></label>
      <label data-controls="shown">Draw
        <select name="shown"><option value="1o">1o: vectors</option><option value="1e">1e: pseudovectors</option><option>2e</option><option>3o</option><option>4e</option></select></label>
    </div>
    ${siteHtml}
  </div>`;
