// Pictures: a network's few pixels, drawn large.

const SOFT = 0.3, HARD = 0.62; // greys below are paper, greys above are ink
const [HEIGHT, WIDTH, CHANNELS] = facts.image;
const ZOOM = Math.max(Math.round(224 / Math.max(HEIGHT, WIDTH)), 1);
const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const element = (id) => document.getElementById(id);
const inkColour = () => getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
const showsPixels = () => element("pixels").checked;

// The weights of the four nearest pixels for each of the places within a pixel: Catmull and Rom's cubic.
const TAPS = Array.from({ length: ZOOM }, (_, place) => {
  const shift = (place + 0.5) / ZOOM - 0.5, start = Math.floor(shift), t = shift - start;
  return { start: start - 1, weights: [
    ((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + 0.5) * t, (0.5 * t - 0.5) * t * t,
  ] };
});

/** Return values of a line enlarged: from `from`, `count` of them, each `step` after the last. */
function stretch(source, from, count, step, target, to, targetStep) {
  for (let i = 0; i < count * ZOOM; i++) {
    const { start, weights } = TAPS[i % ZOOM], first = Math.floor(i / ZOOM) + start;
    let sum = 0;
    for (let tap = 0; tap < 4; tap++) sum += weights[tap] * source[from + step * Math.min(Math.max(first + tap, 0), count - 1)];
    target[to + i * targetStep] = sum;
  }
}

/** Return an image enlarged, from 0 to 255: pixel by pixel as it is, or smooth, and grey ones with an edge of ink. */
function enlarged(image) {
  const width = WIDTH * ZOOM, height = HEIGHT * ZOOM, large = new Uint8ClampedArray(width * height * CHANNELS);
  if (showsPixels()) {
    for (let i = 0; i < large.length; i++) {
      const y = Math.floor(i / (width * CHANNELS * ZOOM)), x = Math.floor((i / CHANNELS) % width / ZOOM);
      large[i] = image[(y * WIDTH + x) * CHANNELS + (i % CHANNELS)] * 127.5 + 127.5;
    }
    return large;
  }
  const wide = new Float32Array(HEIGHT * width), tall = new Float32Array(height * width);
  for (let channel = 0; channel < CHANNELS; channel++) {
    for (let y = 0; y < HEIGHT; y++) stretch(image, y * WIDTH * CHANNELS + channel, WIDTH, CHANNELS, wide, y * width, 1);
    for (let x = 0; x < width; x++) stretch(wide, x, HEIGHT, width, tall, x, width);
    for (let i = 0; i < tall.length; i++) {
      const value = tall[i] * 0.5 + 0.5;
      const edge = Math.min(Math.max((value - SOFT) / (HARD - SOFT), 0), 1);
      large[i * CHANNELS + channel] = 255 * (CHANNELS === 1 ? edge * edge * (3 - 2 * edge) : value);
    }
  }
  return large;
}

/** Return the pixels of an image in colour. A grey one is ink on nothing, or on white or black paper if it is to be saved. */
function coloured(image, saved = false) {
  const large = enlarged(image), pixels = new ImageData(WIDTH * ZOOM, HEIGHT * ZOOM);
  const words = new Uint32Array(pixels.data.buffer); // one for each pixel: red in the lowest byte, opacity in the highest
  const ink = parseInt(inkColour().slice(1), 16);
  const swapped = ((ink & 255) << 16) | (ink & 0xff00) | (ink >> 16);
  for (let i = 0; i < words.length; i++) {
    if (CHANNELS === 3) words[i] = 0xff000000 | (large[3 * i + 2] << 16) | (large[3 * i + 1] << 8) | large[3 * i];
    else if (saved) words[i] = 0xff000000 | ((dark.matches ? large[i] : 255 - large[i]) * 0x10101);
    else words[i] = (large[i] << 24) | swapped;
  }
  return pixels;
}

/** Show images in an element, each on a canvas of its own. */
function show(parent, images) {
  while (parent.children.length > images.length) parent.lastChild.remove();
  while (parent.children.length < images.length) parent.append(document.createElement("canvas"));
  images.forEach((image, i) => paint(parent.children[i], image));
}

/** Draw an image on a canvas. */
function paint(canvas, image) {
  canvas.width = WIDTH * ZOOM;
  canvas.height = HEIGHT * ZOOM;
  canvas.className = showsPixels() ? "exact" : "";
  canvas.getContext("2d").putImageData(coloured(image), 0, 0);
}

/** Offer images as one PNG, dark on white or light on black as on the screen. */
function save(images, columns, name) {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  canvas.width = columns * WIDTH * ZOOM;
  canvas.height = Math.ceil(images.length / columns) * HEIGHT * ZOOM;
  context.fillStyle = dark.matches ? "#000" : "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  images.forEach((image, i) => {
    context.putImageData(coloured(image, true), (i % columns) * WIDTH * ZOOM, Math.floor(i / columns) * HEIGHT * ZOOM);
  });
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    say(`${link.download} is in your downloads.`);
  }, "image/png");
}

/** Say something below the picture, and to screen readers. */
function say(text) {
  element("status").textContent = text;
}
