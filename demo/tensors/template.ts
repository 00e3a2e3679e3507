/** What the element shows, before anything was computed. */
export const template = `
<div class="controls" data-controls="tensor">
  <label>Tensor <select id="kind"></select></label>
  <label>Example <select id="example"></select></label>
  <p class="note" id="such"></p>
</div>
<div class="panels">
  <section class="panel one" aria-labelledby="picture-heading">
    <h2 id="picture-heading">Turn it</h2>
    <div class="picture" id="picture"></div>
    <p class="note" id="picture-note"></p>
    <div id="rotation"></div>
  </section>
  <section class="panel" aria-labelledby="numbers-heading">
    <h2 id="numbers-heading">Which numbers move</h2>
    <p id="status" class="status" role="status"></p>
    <div id="cartesian"></div>
    <h2 id="irreps-heading">As irreps</h2>
    <div id="irreps"></div>
    <dl class="readout">
      <div><dt>Numbers that moved: cartesian</dt><dd><data id="moved-cartesian" value="">–</data></dd></div>
      <div><dt>irreps</dt><dd><data id="moved-irreps" value="">–</data></dd></div>
      <div><dt>Two ways differ by</dt><dd><data id="two-ways" value="">–</data></dd></div>
    </dl>
    <p class="note">
      The two ways: turn every index and then take the irreps; or take the irreps and turn each by its D. In
      shares of the tensor’s length; in 32 bits 10⁻⁷ is nothing.
    </p>
  </section>
</div>
<p class="note adapter" id="adapter"></p>`;
