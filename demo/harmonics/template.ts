/** What the element shows, before anything was computed. */
export const template = `
<div class="panels">
  <section class="panel" aria-labelledby="all-heading" data-controls="all">
    <h2 id="all-heading">Every harmonic up to l = 6</h2>
    <div class="scrolls" id="all-region">
      <div class="all" role="group" aria-label="Choose a harmonic"><div id="all-canvas"></div></div>
    </div>
    <p class="note">Rows are l = 0 to 6, columns m = −l to l. The radius is |Y|; blue where Y is positive, orange where it is
      negative. Choose one, or mix those of a row below.</p>
  </section>
  <section class="panel one" aria-labelledby="one-heading">
    <h2 id="one-heading">Turn a mixture of one l</h2>
    <div class="controls" data-controls="function">
      <label>Degree l <select id="l"></select></label>
      <label>Function <select id="function"></select></label>
      <button type="button" id="mix">Mix at random</button>
    </div>
    <div class="picture" id="picture"></div>
    <p class="note">Drag it, or use the arrow keys.</p>
    <div id="rotation"></div>
  </section>
  <section class="panel" aria-labelledby="wigner-heading">
    <h2 id="wigner-heading">The Wigner matrix</h2>
    <p id="status" class="status" role="status"></p>
    <div id="wigner"></div>
    <h2 id="shares-heading">Where the turned function lies</h2>
    <p class="note">It was evaluated at R⁻¹x, without D, and projected on all 49 harmonics.</p>
    <div id="shares"></div>
    <dl class="readout">
      <div><dt>|c|</dt><dd><data id="length-before" value="">–</data></dd></div>
      <div><dt>|D c|</dt><dd><data id="length-after" value="">–</data></dd></div>
      <div><dt>outside of l</dt><dd><data id="outside" value="">–</data></dd></div>
      <div><dt>D Dᵀ − 1</dt><dd><data id="orthogonality" value="">–</data></dd></div>
      <div><dt>Y(R x) − D Y(x)</dt><dd><data id="difference" value="">–</data></dd></div>
    </dl>
    <p class="note">The last three are the largest errors, live; Y(R x) is compared in 162 directions. In 32 bits 10⁻⁷ is nothing.</p>
  </section>
</div>
<p class="note adapter" id="adapter"></p>`;
