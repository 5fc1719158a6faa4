// The film of the training beside its losses.

const CHART = { width: 420, height: 290, left: 60, right: 12, bottom: 44 };
const film = { playing: false };

const plain = (name) => name.replaceAll("_", " ");

/** Return the chart of the losses as SVG: a line for each, their names above, and a mark at the film's epoch. */
function chart(epochs, losses) {
  const { width, height, left, right, bottom } = CHART, names = Object.keys(losses);
  const top = 12 + 22 * Math.ceil(names.length / 2); // below the legend, which has two names in a row
  const values = Object.values(losses).flat().filter(Number.isFinite);
  const low = Math.min(0, ...values), high = Math.max(...values, low + 1e-9), last = Math.max(...epochs, 1);
  const x = (epoch) => left + ((width - left - right) * epoch) / last;
  const y = (value) => height - bottom - ((height - top - bottom) * (value - low)) / (high - low);
  const styles = ["first", "second", "third"];
  const lines = names.map((name, i) => {
    const places = losses[name].map((value, j) => `${x(epochs[j]).toFixed(1)},${y(value).toFixed(1)}`);
    const points = [...places, places.at(-1)].join(" "); // or a single place would not show
    const start = left + (i % 2) * 180, level = 14 + 22 * Math.floor(i / 2);
    return `<polyline class="${styles[i % 3]}" stroke-width="2.5" points="${points}"/>
      <line class="${styles[i % 3]}" stroke-width="2.5" x1="${start}" x2="${start + 26}" y1="${level}" y2="${level}"/>
      <text x="${start + 32}" y="${level + 5}">${plain(name)}</text>`;
  });
  const power = 10 ** Math.floor(Math.log10(high - low)), step = [0.2, 0.5, 1, 2].map((n) => n * power).find((n) => (high - low) / n <= 6);
  const first = Math.ceil(low / step), count = Math.floor(high / step) - first + 1;
  const marks = Array.from({ length: count }, (_, i) => (first + i) * step).map((value) =>
    `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>
     <text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${Number(value.toPrecision(3))}</text>`);
  const steps = [0, Math.round(last / 2), last].filter((epoch, i, all) => all.indexOf(epoch) === i);
  const ticks = steps.map((epoch) => `<text x="${x(epoch)}" y="${height - 22}" text-anchor="middle">${epoch}</text>`);
  const ends = names.map((name) => `${plain(name)} from ${losses[name][0].toFixed(2)} to ${losses[name].at(-1).toFixed(2)}`);
  film.x = x;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Losses over ${last} epochs: ${ends.join(", ")}.">
    ${marks.join("")}${ticks.join("")}<text x="${(width + left) / 2}" y="${height - 4}" text-anchor="middle">epoch</text>
    ${lines.join("")}<line class="now" id="now" y1="${top}" y2="${height - bottom}"/></svg>`;
}

/** Show one frame of the film, and its epoch in the chart. */
function showFrame(number) {
  const { epoch, picture } = facts.film[number];
  element("film").src = picture;
  element("film").alt = `Pictures of the same hands after epoch ${epoch}`;
  element("epoch").ariaValueText = element("epoch-shown").textContent = `${epoch}`;
  for (const end of ["x1", "x2"]) element("now")?.setAttribute(end, film.x(epoch));
}

async function playFilm() {
  const slider = element("epoch");
  while (film.playing) {
    slider.value = (Number(slider.value) + 1) % facts.film.length;
    showFrame(Number(slider.value));
    await new Promise((done) => setTimeout(done, Number(slider.value) === facts.film.length - 1 || calm.matches ? 1500 : 400));
  }
}

function buildTraining() {
  const names = Object.keys(facts.losses);
  element("training").hidden = !facts.film.length && !names.length;
  element("film-side").hidden = !facts.film.length;
  element("losses-side").hidden = !names.length;
  if (names.length) {
    element("chart").innerHTML = chart(facts.epochs, facts.losses);
    const table = element("losses"), row = (kind, cells) => {
      const line = table.insertRow();
      line.append(...cells.map((text) => Object.assign(document.createElement(kind), { textContent: text })));
    };
    row("th", ["epoch", ...names.map(plain)]);
    facts.epochs.forEach((epoch, i) => row("td", [epoch, ...names.map((name) => facts.losses[name][i].toFixed(3))]));
  }
  if (!facts.film.length) return;
  element("epoch").max = element("epoch").value = facts.film.length - 1;
  element("epoch").oninput = ({ target }) => showFrame(Number(target.value));
  element("film-play").onclick = ({ currentTarget }) => {
    film.playing = !film.playing;
    currentTarget.ariaPressed = `${film.playing}`;
    currentTarget.textContent = film.playing ? "Stop" : "Play";
    if (film.playing) playFilm();
  };
  showFrame(facts.film.length - 1);
}
