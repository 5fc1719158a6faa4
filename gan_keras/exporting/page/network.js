// The networks, and the runtime that computes them.

let ort;

/** Start the runtime. Its module comes from a blob, because file:// may not load module files. */
async function wake() {
  const address = URL.createObjectURL(new Blob([await bytes("runtime.mjs")], { type: "text/javascript" }));
  ort = await import(address);
  URL.revokeObjectURL(address);
  ort.env.wasm.numThreads = 1; // more need headers that a file does not have
  ort.env.wasm.wasmBinary = await bytes("runtime.wasm");
}

/** A network of this page. Inputs have a batch's axis first. */
class Network {
  static last = Promise.resolve(); // the runtime does one thing at a time

  static async load(name) {
    return new Network(await ort.InferenceSession.create(await bytes(name)));
  }

  constructor(session) {
    this.session = session;
    this.inputs = new Map(session.inputMetadata.map(({ name, type, shape }) => [name, { type, shape: shape.slice(1) }]));
  }

  /** Return the numbers of one example of an input; 0 if the network does not take it. */
  size(name) {
    const input = this.inputs.get(name);
    return input ? input.shape.reduce((product, side) => product * side, 1) : 0;
  }

  /** Return the output for `count` examples as one Float32Array, from all inputs by name, each a flat array. */
  run(count, given) {
    const feeds = {};
    for (const [name, { type, shape }] of this.inputs) {
      const kinds = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array };
      const values = type === "int64" ? Array.from(given[name], BigInt) : given[name];
      feeds[name] = new ort.Tensor(type, kinds[type].from(values), [count, ...shape]);
    }
    const result = Network.last.then(() => this.session.run(feeds));
    Network.last = result.catch(() => {});
    return result.then((outputs) => outputs[this.session.outputNames[0]].data);
  }
}

/** Return one array after the other in a single one. */
function joined(arrays) {
  const all = new Float32Array(arrays.reduce((sum, array) => sum + array.length, 0));
  arrays.reduce((start, array) => (all.set(array, start), start + array.length), 0);
  return all;
}

/** Return images, Float32Arrays from -1 to 1 of height, width, channels, of latents and their labels. */
async function draw(latents, labels, truncation = 1, seed = 0) {
  const count = latents.length, given = { latent: joined(latents), label: labels, truncation: Array(count).fill(truncation) };
  [...generator.inputs.keys()].forEach((name, stream) => { // what is left is noise, the same for all
    if (!(name in given)) given[name] = joined(Array(count).fill(normal(generator.size(name), seed, -1 - stream)));
  });
  const all = await generator.run(count, given), size = all.length / count;
  return latents.map((_, i) => all.slice(i * size, (i + 1) * size));
}
