// The start of the one-file page: its parts lie in it as text, base 85 of gzip, and are unpacked when they are needed.
// The page itself is one of them; its security policy lets scripts come from such parts and from nowhere else.

/** Without what HTML, a double quote or a backslash could end. */
const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?_~|()[]{}@%$#,;";

/** Five digits for four bytes; a last group of n + 1 digits stands for n bytes. */
function decode(text: string): Uint8Array {
  const digits = new Uint8Array(128);
  for (let i = 0; i < 85; ++i) digits[alphabet.charCodeAt(i)] = i;
  const bytes = new Uint8Array(Math.floor((text.length * 4) / 5));
  const view = new DataView(bytes.buffer);
  const last = new Uint8Array(8);
  for (let at = 0, to = 0; at < text.length; at += 5, to += 4) {
    let value = 0;
    for (let i = 0; i < 5; ++i) value = value * 85 + (at + i < text.length ? digits[text.charCodeAt(at + i)]! : 84);
    if (to + 4 <= bytes.length) {
      view.setUint32(to, value);
    } else {
      new DataView(last.buffer).setUint32(0, value);
      bytes.set(last.subarray(0, bytes.length - to), to);
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
