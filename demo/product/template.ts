const inputs = (name: 'a' | 'b') =>
  [...'xyz']
    .map(
      (axis) =>
        `<label><span>${name}<sub>${axis}</sub></span> <input id="${name}${axis}" type="number" step="0.1"></label>`,
    )
    .join('');

/** What the element shows, before anything was computed. */
export const template = `
<div class="panels">
  <section class="panel" aria-labelledby="vectors-heading">
    <h2 id="vectors-heading">Two vectors</h2>
    <div class="picture" id="picture"></div>
    <p class="note" id="picture-note">Drag the tips of a and b, or move them with the arrow keys. Drag beside them to turn both
      together. Green: a × b. The surface is the part of degree 2, |n · S n| in each direction n; blue where n · S n is positive, orange where it is negative.</p>
    <div class="vector-inputs" data-controls="vectors">
      <div class="controls" role="group" aria-label="Vector a">${inputs('a')}</div>
      <div class="controls" role="group" aria-label="Vector b">${inputs('b')}</div>
    </div>
  </section>
  <section class="panel" aria-labelledby="paths-heading">
    <h2 id="paths-heading">1o × 1o = 0e + 1e + 2e</h2>
    <p id="status" class="status" role="status"></p>
    <div id="paths"></div>
    <dl class="readout">
      <div><dt>all nine, squared and added</dt><dd><data id="squares" value="">–</data></dd></div>
      <div><dt>|a|² |b|²</dt><dd><data id="lengths" value="">–</data></dd></div>
      <div><dt>equivariance error</dt><dd><data id="vectors-error" value="">–</data></dd></div>
    </dl>
  </section>
  <section class="panel" aria-labelledby="table-heading" data-controls="table">
    <h2 id="table-heading">Any path</h2>
    <div class="controls" id="path-controls">
      <label>First <select id="ir1"></select></label>
      <label>Second <select id="ir2"></select></label>
      <label>Product <select id="ir3"></select></label>
    </div>
    <p id="path-status" class="status" role="status"></p>
    <div id="couplings"></div>
  </section>
  <section class="panel" aria-labelledby="wgsl-heading" data-controls="table">
    <h2 id="wgsl-heading">The code generated for it</h2>
    <p class="note" id="wgsl-note"></p>
    <dl class="readout">
      <div><dt>numbers that are not zero</dt><dd><data id="nonzero" value="">–</data></dd></div>
      <div><dt>equivariance error</dt><dd><data id="path-error" value="">–</data></dd></div>
      <div><dt>rotation number</dt><dd><data id="rotation" value="">–</data></dd></div>
    </dl>
    <p><button type="button" id="another">Another rotation</button></p>
    <div id="wgsl"></div>
  </section>
</div>
<p class="note adapter" id="adapter"></p>`;
