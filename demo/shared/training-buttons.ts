/** Buttons of a training; they are disabled until there is something to train. */
export const trainingButtons = `
      <div class="buttons" data-controls="play">
        <button type="button" class="primary play" disabled>Train</button>
        <button type="button" class="one-step" disabled>Step</button>
        <button type="button" class="reset" disabled>Reset</button>
      </div>`;
