import { trainingButtons } from '../shared/training-buttons.ts';
import { POINTS } from './cloud.ts';
import { cloudHtml } from './cloud-view.ts';
import { equivarianceHtml } from './equivariance-view.ts';
import { paths } from './fields.ts';
import { filterHtml, planes } from './filter-view.ts';
import { operationNames, operationTitles } from './operations.ts';

const option = (value: string | number, text: string | number = value) =>
  `<option value="${value}">${text}</option>`;

/** What the element shows, before anything was computed. */
export const template = `
  <div class="part" data-part="filter">
    <div class="controls" role="group" aria-label="Training">
      ${trainingButtons}
      <label data-controls="radius"><span>Radius <b class="radius-value"></b></span>
        <input type="range" name="radius" min="1.5" max="4" step="0.1"></label>
      <label data-controls="settings">Learning rate <input name="learningRate" inputmode="decimal" size="6"></label>
      <label data-controls="settings">Seed <input name="seed" inputmode="numeric" size="6"></label>
      <dl class="readout"><div><dt>Steps</dt><dd><data class="steps" value="0">0</data></dd></div>
        <div><dt>Loss</dt><dd><data class="loss" value="">–</data></dd></div></dl>
    </div>
    <div class="controls" role="group" aria-label="What is shown">
      <label data-controls="path">Path <select name="path">${paths.map((name, i) => option(i, name)).join('')}</select></label>
      <label data-controls="path">Input component <select name="from"></select></label>
      <label data-controls="path">Output component <select name="to"></select></label>
      <label data-controls="path">Plane <select name="plane">${planes.map((p) => option(p)).join('')}</select></label>
      <label data-controls="centre">Point <select name="centre">${Array.from({ length: POINTS }, (_, i) => option(i)).join('')}</select></label>
      <label data-controls="centre"><span>Neighbours added: <b class="added-value"></b></span>
        <input type="range" name="added" min="0" max="${POINTS - 1}" step="1"></label>
      <div class="buttons" data-controls="centre"><button type="button" class="build">Add one by one</button></div>
    </div>
    <div class="panels">${cloudHtml}${filterHtml}</div>
  </div>
  <div class="part" data-part="equivariance">
    <div class="controls" role="group" aria-label="The turn">
      <label data-controls="operation">Operation <select name="operation">${operationNames
        .map((name) => option(name, operationTitles[name][0]))
        .join('')}</select></label>
      ${['α', 'β', 'γ'].map((letter, i) => `<label data-controls="rotate"><span>${letter} = <b class="angle-${i}"></b></span><input type="range" class="angle" data-angle="${i}" min="${i === 1 ? 0 : -180}" max="180" step="1"></label>`).join('')}
      <div class="buttons" data-controls="rotate"><button type="button" class="random">Turn at random</button></div>
      <label class="check" data-controls="rotate"><input type="checkbox" class="invert"> and invert</label>
    </div>
    <div class="panels">${equivarianceHtml}</div>
  </div>`;
