// What the discriminator, or the critic, thinks of pictures and of the visitor's drawing.

const PEN = 22, STEP = 7; // width of the pen, and how far an arrow key moves it
const board = element("drawing"), paper = board.getContext("2d", { willReadFrequently: true });
const pen = { x: 140, y: 140, down: false, lastX: 0, lastY: 0 };
let judge;

/** Return what the other player says of images and their labels, a number for each. */
async function judged(images, labels) {
  return [...(await judge.run(images.length, { image: joined(images), label: labels }))];
}

const inWords = (value) =>
  facts.judge === "critic" ? `${value.toFixed(2)} (higher is more real)` : `${Math.round(100 * value)} % sure that it is real`;

async function drawOpinions() {
  if (!judge) return;
  const values = hand.images.length ? await judged(hand.images, hand.drawn) : [];
  element("opinions").replaceChildren(...values.map((value, i) => {
    const row = document.createElement("li"), canvas = document.createElement("canvas"), text = document.createElement("span");
    text.textContent = `${isConditional() ? `${facts.classes[hand.drawn[i]]}: ` : ""}${inWords(value)}`;
    if (facts.judge !== "critic") text.append(Object.assign(document.createElement("meter"), { value, ariaLabel: text.textContent }));
    row.append(canvas, text);
    paint(canvas, hand.images[i]);
    return row;
  }));
}

/** Return the drawing as MNIST's authors made their digits: its larger side 20 of 28, its weight in the middle; or null. */
function normalised() {
  const ink = paper.getImageData(0, 0, board.width, board.height).data;
  let left = Infinity, right = -1, top = Infinity, bottom = -1;
  for (let y = 0; y < board.height; y++) {
    for (let x = 0; x < board.width; x++) {
      if (!ink[4 * (y * board.width + x) + 3]) continue;
      left = Math.min(left, x); right = Math.max(right, x); top = Math.min(top, y); bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return null;
  const wide = right - left + 1, high = bottom - top + 1, scale = (20 / 28) * Math.min(WIDTH / wide, HEIGHT / high);
  const place = (x, y) => {
    const small = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
    const context = small.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(board, left, top, wide, high, x, y, wide * scale, high * scale);
    return context.getImageData(0, 0, WIDTH, HEIGHT).data.filter((_, i) => i % 4 === 3); // how much ink
  };
  const x = (WIDTH - wide * scale) / 2, y = (HEIGHT - high * scale) / 2, values = place(x, y);
  const total = values.reduce((sum, value) => sum + value, 0);
  const mean = (coordinate) => values.reduce((sum, value, i) => sum + value * (coordinate(i) + 0.5), 0) / total;
  const centred = place(x + WIDTH / 2 - mean((i) => i % WIDTH), y + HEIGHT / 2 - mean((i) => Math.floor(i / WIDTH)));
  return Float32Array.from({ length: WIDTH * HEIGHT * CHANNELS }, (_, i) => centred[Math.floor(i / CHANNELS)] / 127.5 - 1);
}

async function judgeDrawing() {
  const image = normalised();
  if (!image) {
    element("drawn-opinion").textContent = "The board is empty.";
    return;
  }
  const [value] = await judged([image], [Number(element("drawn").value) || 0]);
  element("drawn-opinion").textContent = `Your drawing: ${inWords(value)}.`;
}

function stroke(x, y, begins) {
  Object.assign(paper, { lineWidth: PEN, lineCap: "round", lineJoin: "round", strokeStyle: inkColour() });
  paper.beginPath();
  paper.moveTo(begins ? x : pen.lastX, begins ? y : pen.lastY);
  paper.lineTo(x, y);
  paper.stroke();
  Object.assign(pen, { lastX: x, lastY: y });
}

/** Move the pen of those who draw with the keyboard, and the mark that shows where it is. */
function placePen(x, y) {
  Object.assign(pen, { x, y });
  Object.assign(element("pen").style, { left: `${(100 * x) / board.width}%`, top: `${(100 * y) / board.height}%` });
}

function listenToDrawing() {
  placePen(pen.x, pen.y);
  const drawn = element("drawn-opinion");
  const at = (event) => [event.offsetX, event.offsetY].map((value) => (value * board.width) / board.clientWidth);
  board.onpointerdown = (event) => {
    board.setPointerCapture(event.pointerId);
    stroke(...at(event), true);
  };
  board.onpointermove = (event) => event.buttons && stroke(...at(event), false);
  board.onpointerup = board.onpointercancel = judgeDrawing;
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  board.onkeydown = (event) => {
    if (event.key !== " " && !(event.key in moves)) return;
    event.preventDefault();
    if (event.key === " ") {
      pen.down = !pen.down;
      drawn.textContent = pen.down ? "The pen is down." : "The pen is up.";
      if (pen.down) stroke(pen.x, pen.y, true);
      else judgeDrawing();
      return;
    }
    const [right, down] = moves[event.key], within = (value) => Math.min(Math.max(value, PEN), board.width - PEN);
    placePen(within(pen.x + STEP * right), within(pen.y + STEP * down));
    if (pen.down) stroke(pen.x, pen.y, false);
  };
  dark.addEventListener("change", () => { // the ink changes its colour where there is some
    Object.assign(paper, { globalCompositeOperation: "source-in", fillStyle: inkColour() });
    paper.fillRect(0, 0, board.width, board.height);
    paper.globalCompositeOperation = "source-over";
  });
  element("drawn").onchange = judgeDrawing;
  element("wipe").onclick = () => {
    paper.clearRect(0, 0, board.width, board.height);
    pen.down = false;
    judgeDrawing();
  };
}

async function buildOpinion() {
  if (!facts.judge) return;
  element("opinion").hidden = false;
  element("opinion-text").textContent = facts.judge === "critic"
    ? "Its opponent in training, the critic, gives real pictures higher numbers than made ones."
    : "Its opponent in training, the discriminator, says how sure it is that a picture is a real one. At 50 % it guesses.";
  facts.classes.forEach((name, label) => element("drawn").add(new Option(name, label)));
  judge = await Network.load("judge.onnx");
  element("drawn-field").hidden = !isConditional() || !judge.size("label");
  listenToDrawing();
}
