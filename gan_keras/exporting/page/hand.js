// The hand: a latent, and all that is drawn from it.

const OTHERS = 10; // hands to choose from, where there are no classes
const hand = { seed: 0, latent: null, labels: [], latents: [], images: [], rows: [] };
const isConditional = () => facts.classes.length > 1;
const isTyped = facts.classes.length > 1 && facts.classes.every((name) => [...name].length === 1);
const words = () => hand.labels.map((label) => facts.classes[label]).join(isTyped ? "" : ", ");
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
const truncation = () => Number(element("truncation").value);
const made = (latents, labels) => draw(latents, labels, truncation(), hand.seed);

/** Take the hand of a number, as it is without changes. */
function takeHand(seed) {
  hand.seed = Math.min(Math.max(Math.floor(seed) || 0, 0), 2 ** 32 - 1);
  hand.latent = normal(generator.size("latent"), hand.seed);
  element("seed").value = hand.seed;
  element("undo").disabled = true;
  placeSliders();
  redraw();
}

/** Choose what is written. */
function write(labels) {
  hand.labels = labels.slice(0, facts.most);
  element("erase").disabled = !hand.labels.length;
  redraw();
}

/** Draw the row of pictures, and say what it is. */
async function drawNumber() {
  const labels = isConditional() ? hand.labels : [0];
  const angle = (Number(element("variation").value) / 100) * (Math.PI / 2);
  const latents = labels.map((_, i) => {
    const other = normal(hand.latent.length, hand.seed, 1 + i);
    return hand.latent.map((value, j) => Math.cos(angle) * value + Math.sin(angle) * other[j]);
  });
  const images = latents.length ? await made(latents, labels) : [];
  Object.assign(hand, { latents, images, drawn: labels });
  element("number").style.setProperty("--columns", Math.min(Math.max(images.length, 2), 6));
  element("number").ariaLabel = isConditional() ? `${words() || "Nothing"}, by hand ${hand.seed}` : `A picture by hand ${hand.seed}`;
  show(element("number"), images);
  element("save").disabled = !images.length;
}

/** Draw what this hand makes of each class, or what the next hands make. */
async function drawHands() {
  const buttons = [...element("hands").children];
  const next = buttons.map((_, i) => (hand.seed + i + 1) % 2 ** 32);
  const latents = isConditional() ? buttons.map(() => hand.latent) : next.map((seed) => normal(hand.latent.length, seed));
  hand.rows = await made(latents, buttons.map((_, i) => (isConditional() ? i : 0)));
  buttons.forEach((button, i) => {
    button.ariaLabel = isConditional() ? `Write ${facts.classes[i]}` : `Take hand ${next[i]}`;
    paint(button.firstChild, hand.rows[i]);
  });
}

/** Draw what the hand would be at both ends of each slider. */
async function drawEnds() {
  const label = hand.labels.at(-1) ?? 0, ends = [];
  for (const vector of facts.directions) {
    for (const end of [-facts.reach, facts.reach]) ends.push(moved(hand.latent, vector, end));
  }
  const images = await made(ends, ends.map(() => label));
  document.querySelectorAll(".direction canvas").forEach((canvas, i) => paint(canvas, images[i]));
}

/** Return a latent moved along a direction to a place on it. */
function moved(latent, vector, place) {
  const step = place - dot(latent, vector);
  return latent.map((value, i) => value + step * vector[i]);
}

function placeSliders() {
  facts.directions.forEach((vector, i) => { element(`direction-${i}`).value = dot(hand.latent, vector); });
}

function buildHand() {
  element("latent-size").textContent = `${hand.latent.length}`;
  element("hand-text").textContent = isConditional()
    ? "Press a picture to add it to the row above."
    : "These are the next ten hands. Press one to take it.";
  const classes = isConditional() ? facts.classes : Array(OTHERS).fill("");
  for (const [i, name] of classes.entries()) {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    button.type = "button";
    button.append(canvas);
    if (name && !isTyped) button.append(Object.assign(document.createElement("small"), { textContent: name }));
    button.onclick = () => (isConditional() ? typed([...hand.labels, i]) : takeHand(hand.seed + i + 1));
    element("hands").append(button);
  }
  element("hands").style.setProperty("--columns", classes.length > 20 ? 8 : 5);
  facts.directions.forEach((vector, i) => {
    const row = document.createElement("div");
    row.className = "direction";
    row.innerHTML = `<label for="direction-${i}"></label><canvas></canvas>
      <input type="range" id="direction-${i}" min="${-facts.reach}" max="${facts.reach}" step="0.01"><canvas></canvas>`;
    row.firstChild.textContent = facts.names[i];
    row.querySelector("input").oninput = (event) => {
      hand.latent = moved(hand.latent, vector, Number(event.target.value));
      element("undo").disabled = false;
      redraw();
    };
    element("directions").append(row);
  });
}

/** Write what was chosen by buttons, and show it in the text field too. */
function typed(labels) {
  if (labels.length > facts.most) say(`No more than ${facts.most} fit.`);
  write(labels);
  element("text").value = isTyped ? words() : "";
  if (labels.length <= facts.most) say(labels.length ? `Written: ${words()}` : "");
}

function listenToHand() {
  const seeds = uniform(Date.now(), 1);
  element("new-hand").onclick = () => {
    takeHand(Math.floor(seeds() * 1e6));
    say(`Hand ${hand.seed}.`);
  };
  element("seed").onchange = () => {
    takeHand(Number(element("seed").value));
    say(`Hand ${hand.seed}.`);
  };
  element("undo").onclick = () => takeHand(hand.seed);
  element("erase").onclick = () => typed(hand.labels.slice(0, -1));
  element("text").oninput = ({ target }) => {
    const known = [...target.value].filter((character) => facts.classes.includes(character));
    if (known.length < [...target.value].length) say(`It knows only these: ${facts.classes.join(" ")}`);
    target.value = known.join("");
    write(known.map((character) => facts.classes.indexOf(character)));
  };
  element("variation").oninput = ({ target }) => {
    target.ariaValueText = `${target.value} percent`;
    redraw();
  };
  element("truncation").oninput = redraw;
  element("pixels").onchange = redraw;
  dark.onchange = redraw;
  const name = () => (isTyped && words() ? `${words()}-` : "") + `hand-${hand.seed}`;
  element("save").onclick = () => save(hand.images, hand.images.length, name());
  element("save-hands").onclick = () => save(hand.rows, Math.min(hand.rows.length, 10), `all-hand-${hand.seed}`);
}
