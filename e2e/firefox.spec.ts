// One run in Debian's Firefox ESR: the example quantized, and the bytes are Node's. Only in `npm run test:all`.
import { existsSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { Firefox, socketClass } from "./bidi.js";
import { bytesInNode } from "./support.js";

const program = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

test.skip(!process.env.LITEQUANT_LONG, "only in npm run test:all");
test.skip(!existsSync(program), `${program} is not there`);
test.skip(!socketClass, "this Node has no WebSocket (--experimental-websocket)");

/** In the page: waits until `seek` finds something, at most a minute. */
const waiting = (seek: string) => `(async () => {
  const seek = () => ${seek};
  for (let tries = 0; !seek(); ++tries) {
    if (tries > 600) throw new Error("there is no " + ${JSON.stringify(seek)});
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return seek();
})()`;

const button = (name: string) =>
  `[...document.querySelectorAll("button")].find((one) => one.textContent.startsWith(${JSON.stringify(name)}))`;
const enabled = (name: string) => `${button(name)}?.disabled === false`;

test("Firefox: the example, full integer, and the bytes that Node makes", async ({ baseURL }) => {
  const firefox = await Firefox.start(program);
  try {
    await firefox.open(baseURL ?? "");
    await firefox.evaluate(waiting(enabled("Characters")));
    await firefox.evaluate(`${button("Characters")}.click()`);
    await firefox.evaluate(waiting(`document.querySelector('[data-testid="sample-count"]') !== null`));
    await firefox.evaluate(waiting(enabled("Quantize")));
    await firefox.evaluate(`${button("Quantize")}.click()`);
    await firefox.evaluate(waiting(enabled("Download model")));
    // What would be saved is caught where it is handed over.
    const base64 = await firefox.evaluate(`new Promise((resolve) => {
      const give = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (blob) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result.split(",")[1]);
        reader.readAsDataURL(blob);
        return give(blob);
      };
      ${button("Download model")}.click();
    })`);
    expect(Buffer.from(base64, "base64").equals(await bytesInNode({ mode: "int8" }))).toBe(true);
    expect(await firefox.evaluate(`document.querySelector('[data-testid="engine"]').dataset.thread`)).toBe("worker");
    expect(await firefox.evaluate("String(document.querySelector('[role=alert]'))")).toBe("null");
    const engine = await firefox.evaluate(`document.querySelector('[data-testid="engine"]').dataset.variant`);
    console.log(`Firefox ran the ${engine} build`);
  } finally {
    await firefox.close();
  }
});
