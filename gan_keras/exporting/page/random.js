// Random numbers: the same for the same seed.

/** Return a function that gives uniform numbers from 0 to 1 (sfc32), for a seed and a stream, whole numbers. */
function uniform(seed, stream) {
  let a = seed | 0, b = stream | 0, c = 0x9e3779b9, counter = 1;
  const next = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 20; i++) next(); // until near seeds have nothing in common
  return next;
}

/** Return `count` normal numbers (Box and Muller). */
function normal(count, seed, stream = 0) {
  const next = uniform(seed, stream);
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const length = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
    numbers[i] = length * Math.cos(angle);
    if (i + 1 < count) numbers[i + 1] = length * Math.sin(angle);
  }
  return numbers;
}

/** Return the latent at `part` of the way between two, along the sphere on which normal latents lie. */
function onSphere(from, to, part) {
  const length = (vector) => Math.hypot(...vector);
  const a = length(from), b = length(to);
  const cosine = from.reduce((sum, value, i) => sum + value * to[i], 0) / (a * b);
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  if (Math.sin(angle) < 1e-6) return from.map((value, i) => value + part * (to[i] - value));
  const one = Math.sin((1 - part) * angle) / Math.sin(angle), other = Math.sin(part * angle) / Math.sin(angle);
  return from.map((value, i) => one * value + other * to[i]);
}
