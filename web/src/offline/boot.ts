// The start of the one-file page: its parts lie in it as text, gzip in characters of seven bits, and are unpacked when they are needed.
// The page itself is one of them; its security policy lets scripts come from such parts and from nowhere else.

/** Seven bits a character; those that HTML changes or reads (NUL, CR, "<") are put as U+0080 and the two after it. */
const shifted = [0, 13, 60];

function decode(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 7) / 8));
  let bits = 0;
  let held = 0;
  let to = 0;
  for (let at = 0; at < text.length; ++at) {
    const code = text.charCodeAt(at);
    bits = (bits << 7) | (code < 128 ? code : (shifted[code - 128] ?? 0));
    held += 7;
    if (held >= 8) {
      held -= 8;
      bytes[to++] = bits >> held;
      bits &= (1 << held) - 1;
    }
  }
  return bytes;
}

const part = async (name: string): Promise<Uint8Array> => {
  const packed = decode(document.getElementById(`part-${name}`)?.textContent ?? "");
  const unpacked = new Blob([packed as BlobPart]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
};

Object.assign(globalThis, { litequantPart: part });
void part("app").then((app) => {
  const script = document.createElement("script");
  script.src = URL.createObjectURL(new Blob([app as BlobPart], { type: "text/javascript" }));
  document.body.append(script);
});

export {};
