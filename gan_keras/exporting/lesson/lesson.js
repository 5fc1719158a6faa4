// A recorded game, frame by frame.

const { frames, shown } = facts;
const AREA = HEIGHT * WIDTH;
const SEEN = { width: 520, height: 240, left: 40, right: 10, top: 34, bottom: 34 };
const PUSH_COLOURS = { more: "--accent", less: "--second" };
let pixels, isPlaying = false;

/** Return one of the recorded pictures, values from -1 to 1: `set` 0 are the real ones, then come fakes and pushes in turn. */
function picture(set, index) {
  const start = (set * shown + index) * AREA;
  return Float32Array.from(pixels.subarray(start, start + AREA), (value) => value / 127.5 - 1);
}

const turn = () => document.querySelector("#turns input:checked").value;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const percent = (score) => `${Math.round(100 * score)} %`;

/** Draw a push over a picture: where the generator is told to put more ink, and where less. */
function drawPush(canvas, push) {
  const context = canvas.getContext("2d"), size = canvas.width / WIDTH;
  for (let i = 0; i < AREA; i++) {
    const strength = Math.abs(push[i]);
    if (strength < 0.05) continue;
    context.globalAlpha = Math.min(1, strength) * 0.85;
    context.fillStyle = colour(push[i] > 0 ? PUSH_COLOURS.more : PUSH_COLOURS.less);
    context.fillRect((i % WIDTH) * size, Math.floor(i / WIDTH) * size, size, size);
  }
  context.globalAlpha = 1;
}

/** Show pictures as cards, each with its score if `scores` are to be seen, and a push over it if there are any. */
function cards(parent, images, scores, pushes) {
  while (parent.children.length < images.length) {
    const figure = document.createElement("figure");
    figure.append(document.createElement("canvas"), document.createElement("figcaption"));
    parent.append(figure);
  }
  images.forEach((image, i) => {
    const [canvas, caption] = parent.children[i].children;
    paint(canvas, image);
    if (pushes) drawPush(canvas, pushes[i]);
    caption.textContent = scores ? percent(scores[i]) : "\u00a0";
  });
}

/** Return what a step says, in words. */
function told({ real, fake, step }) {
  const ahead = real.mean - fake.mean;
  const state = step === 0 ? "Nobody has learned anything yet: the generator draws noise, and the discriminator guesses."
    : ahead > 0.7 ? "The discriminator is far ahead: it recognises nearly all of them."
    : ahead > 0.3 ? "The discriminator is ahead, but not always right."
    : ahead > 0.08 ? "The two are close: many drawn pictures pass for real."
    : "The discriminator is all but guessing.";
  return {
    draw: `The generator turns random numbers into pictures; the same twelve lists of numbers in every step. ${state}`,
    judge: `The discriminator gives each picture a score. On average it takes drawn ones for real with ${percent(fake.mean)}, real ones with ${percent(real.mean)}. ${state}`,
    learn: "The discriminator is moved to give real pictures more and drawn ones less. The generator never sees a real picture: all that it learns from is how the score would change with each pixel. Blue: more ink here would look more real. Orange: less.",
  }[turn()];
}

/** Return a chart of how many pictures get which score. */
function countsChart({ real, fake }) {
  const { width, height, left, right, top, bottom } = SEEN, bins = real.counts.length;
  const most = Math.max(...real.counts, ...fake.counts), wide = (width - left - right) / bins;
  const y = (count) => height - bottom - ((height - top - bottom) * count) / most;
  const bars = (counts, style, shift) => counts.map((count, i) => count &&
    `<rect class="${style}" x="${left + i * wide + 1 + shift}" width="${wide / 2 - 1}" y="${y(count)}" height="${y(0) - y(count)}"/>`);
  const ticks = [0, 0.5, 1].map((score) =>
    `<text x="${left + score * (width - left - right)}" y="${height - 12}" text-anchor="middle">${score}</text>`);
  return `<svg viewBox="0 0 ${width} ${height}" role="img"
      aria-label="Mean score of drawn pictures ${percent(fake.mean)}, of real ones ${percent(real.mean)}">
    <rect class="second" x="${left}" y="8" width="14" height="12"/><text x="${left + 20}" y="19">drawn</text>
    <rect class="first" x="${left + 90}" y="8" width="14" height="12"/><text x="${left + 110}" y="19">real</text>
    <line class="grid" x1="${left}" x2="${width - right}" y1="${y(0)}" y2="${y(0)}"/>
    ${bars(fake.counts, "second", 0).filter(Boolean).join("")}${bars(real.counts, "first", wide / 2).filter(Boolean).join("")}${ticks.join("")}
    <text x="${left - 6}" y="${top + 4}" text-anchor="end">${most}</text></svg>`;
}

/** Return a chart of both losses, with a mark at a step. */
function lossesChart(number) {
  const { width, height, left, right, top, bottom } = SEEN, last = frames.at(-1).step;
  const names = Object.keys(frames[0].losses), high = Math.max(...frames.flatMap(({ losses }) => Object.values(losses)));
  const x = (step) => left + ((width - left - right) * step) / last;
  const y = (loss) => height - bottom - ((height - top - bottom) * loss) / high;
  const lines = names.map((name, i) => {
    const points = frames.map(({ step, losses }) => `${x(step).toFixed(1)},${y(losses[name]).toFixed(1)}`).join(" ");
    const style = ["first", "second"][i], start = left + 150 * i;
    return `<polyline class="${style}" stroke-width="2" points="${points}"/>
      <line class="${style}" stroke-width="2.5" x1="${start}" x2="${start + 24}" y1="14" y2="14"/><text x="${start + 30}" y="19">${name}</text>`;
  });
  const marks = [0, high / 2, high].map((loss) => `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(loss)}" y2="${y(loss)}"/>
    <text x="${left - 6}" y="${y(loss) + 4}" text-anchor="end">${loss.toFixed(1)}</text>`);
  const { step, losses } = frames[number], said = names.map((name) => `${name} ${losses[name].toFixed(2)}`).join(", ");
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Losses at step ${step}: ${said}">${marks.join("")}${lines.join("")}
    <line class="now" x1="${x(step)}" x2="${x(step)}" y1="${top}" y2="${height - bottom}"/>
    <text x="${x(0)}" y="${height - 12}" text-anchor="middle">0</text>
    <text x="${x(last)}" y="${height - 12}" text-anchor="end">step ${last.toLocaleString("en")}</text></svg>`;
}

/** Show a frame, as far as the chosen turn has come. */
function showFrame() {
  const number = Number(element("step").value), frame = frames[number], all = [...Array(shown).keys()];
  const judged = turn() !== "draw", learns = turn() === "learn";
  element("step-shown").textContent = element("step").ariaValueText = frame.step.toLocaleString("en");
  element("back").disabled = number === 0;
  element("on").disabled = number === frames.length - 1;
  cards(element("fakes"), all.map((i) => picture(1 + 2 * number, i)), judged && frame.fake.scores,
    learns && all.map((i) => picture(2 + 2 * number, i)));
  cards(element("reals"), all.map((i) => picture(0, i)), judged && frame.real.scores);
  element("fakes-hint").textContent = judged ? "Below each: how sure the discriminator is that it is real." : "";
  element("reals-hint").textContent = judged ? "The discriminator sees them mixed with the drawn ones." : "The generator never sees these.";
  element("told").textContent = told(frame);
  element("counts").innerHTML = countsChart(frame);
  element("chart").innerHTML = lossesChart(number);
}

function goTo(number) {
  element("step").value = number;
  showFrame();
}

async function play() {
  while (isPlaying && Number(element("step").value) < frames.length - 1) {
    goTo(Number(element("step").value) + 1);
    await new Promise((done) => setTimeout(done, calm.matches ? 1200 : 250));
  }
  setPlaying(false);
}

function setPlaying(value) {
  isPlaying = value;
  element("play").ariaPressed = `${value}`;
  element("play").textContent = value ? "Stop" : "Play";
}

async function start() {
  pixels = await bytes("pixels");
  element("step").max = frames.length - 1;
  element("step").oninput = showFrame;
  element("turns").oninput = showFrame;
  element("pixels").oninput = showFrame;
  dark.onchange = showFrame;
  element("back").onclick = () => goTo(Number(element("step").value) - 1);
  element("on").onclick = () => goTo(Number(element("step").value) + 1);
  element("play").onclick = () => {
    setPlaying(!isPlaying);
    if (!isPlaying) return;
    if (Number(element("step").value) === frames.length - 1) goTo(0);
    play();
  };
  showFrame();
}

/** For programs and tests: `ready` resolves when the page shows its first frame; `picture(set, index)`; `facts`. */
window.ganKeras = { ready: start(), picture: (set, index) => Array.from(picture(set, index)), facts };
