// Start the page: wake the network, build the controls, draw.

const views = [drawNumber, drawHands, drawPlace, drawEnds, drawStrip, drawOpinions];
const frame = () => new Promise(requestAnimationFrame);
let generator, isAsked = false, isDrawing = false;

/** Draw all anew. What is asked for meanwhile starts from the first view again, so that this one follows a slider at once. */
async function redraw() {
  isAsked = true;
  if (isDrawing) return;
  isDrawing = true;
  while (isAsked) {
    isAsked = false;
    for (const view of views) {
      await view();
      await frame();
      if (isAsked) break;
    }
  }
  isDrawing = false;
}

async function start() {
  await wake();
  generator = await Network.load("generator.onnx");
  hand.latent = normal(generator.size("latent"), 0);
  element("waking").hidden = true;
  element("number").classList.toggle("colour", CHANNELS === 3);
  for (const id of ["text-field", "erase", "variation-field", "walk-choice"]) element(id).hidden = !isConditional();
  element("text-field").hidden = !isTyped;
  element("text").inputMode = facts.digits ? "numeric" : "text";
  if (!facts.digits) {
    element("new-hand").textContent = "New hand";
    element("text-label").textContent = "Write something";
  }
  element("truncation-field").hidden = !generator.size("truncation");
  for (const id of ["new-hand", "save-hands", "walk-play", "walk-other"]) element(id).disabled = false;
  buildHand();
  buildWalk();
  listenToHand();
  typed(isConditional() ? facts.start : []);
  takeHand(facts.seed);
  say("");
  buildTraining();
  await buildOpinion();
  redraw();
}

/**
 * For programs and tests.
 * `run(count, inputs)`: the generator's output for inputs by name, flat arrays; resolves to a flat Float32Array from -1 to 1.
 * `judge(count, inputs)`: the same of the discriminator or critic.
 * `drawing()`: the visitor's drawing as the judge sees it, or null. `normal(count, seed)`: the latent of a hand.
 * `hand`: what is shown: seed, latents, labels, images. `ready`: resolves when the network is awake.
 * `settled()`: resolves when nothing waits to be drawn.
 */
window.ganKeras = {
  run: (count, inputs) => generator.run(count, inputs),
  judge: (count, inputs) => judge.run(count, inputs),
  drawing: normalised,
  normal,
  hand,
  settled: async () => {
    do await frame(); while (isDrawing);
  },
  ready: start().catch((error) => {
    element("waking").textContent = "The network cannot run in this browser.";
    say(`It needs one from 2023 or later. What went wrong: ${error.message}.`);
    throw error;
  }),
};
