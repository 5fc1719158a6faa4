// What the export has put into this page or beside it.

const facts = JSON.parse(document.getElementById("facts").textContent); // what the export knows of the generator
const held = (name) => document.getElementById(`file-${name}`); // in a page that is one file

/** Return the bytes of a file that lies in this page, packed, or beside it. */
async function bytes(name) {
  const element = held(name);
  if (!element) {
    const answer = await fetch(name);
    if (!answer.ok) throw new Error(`the file ${name} is not beside this page`);
    return new Uint8Array(await answer.arrayBuffer());
  }
  const text = atob(element.textContent), packed = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) packed[i] = text.charCodeAt(i);
  element.remove();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
