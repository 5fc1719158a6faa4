// A walk from one picture to another, along the sphere on which latents lie.

const PLACES = 9; // in the strip
const SECONDS = 5; // from one end to the other
const walk = { goal: 0, playing: false };

/** Return the latent and the label at a part of the way, from 0 to 1; the nearer end gives the label. */
function onTheWay(part) {
  const goal = normal(hand.latent.length, hand.seed, 1000 + walk.goal);
  const label = Number(element(part < 0.5 ? "walk-from" : "walk-to").value) || 0;
  return [onSphere(hand.latent, goal, part), label];
}

async function drawPlace() {
  const [latent, label] = onTheWay(Number(element("walk-place").value) / 100);
  show(element("walk-picture"), await made([latent], [label]));
}

async function drawStrip() {
  const places = Array.from({ length: PLACES }, (_, i) => onTheWay(i / (PLACES - 1)));
  show(element("walk-strip"), await made(places.map(([latent]) => latent), places.map(([, label]) => label)));
}

/** Walk to and fro until it is stopped; in nine steps for those who want little motion. */
async function play() {
  const slider = element("walk-place"), start = performance.now();
  const from = Number(slider.value) / 100;
  while (walk.playing) {
    const way = (from + (performance.now() - start) / 1000 / SECONDS) % 2;
    const part = way < 1 ? way : 2 - way;
    slider.value = 100 * (calm.matches ? Math.round(part * (PLACES - 1)) / (PLACES - 1) : part);
    await drawPlace();
    await (calm.matches ? new Promise((done) => setTimeout(done, 500)) : frame());
  }
}

function buildWalk() {
  element("walk-text").textContent = isConditional()
    ? `From this hand to another. Half way, the network is told the other ${facts.digits ? "digit" : "kind"}.`
    : "From this hand to another, by way of all that lies between them.";
  for (const [id, chosen] of [["walk-from", 3 % facts.classes.length], ["walk-to", 8 % facts.classes.length]]) {
    facts.classes.forEach((name, label) => element(id).add(new Option(name, label, false, label === chosen)));
    element(id).onchange = redraw;
  }
  element("walk-place").oninput = redraw;
  element("walk-other").onclick = () => {
    walk.goal += 1;
    redraw();
  };
  element("walk-play").onclick = ({ currentTarget }) => {
    walk.playing = !walk.playing;
    currentTarget.ariaPressed = `${walk.playing}`;
    currentTarget.textContent = walk.playing ? "Stop" : "Walk";
    if (walk.playing) play();
  };
}
