// `npm run bench`: our speed beside other runtimes', each the same file and the same input, in alternating rounds.
//   npm run bench -- [--tables speed,operators,conversion] [--rounds 3] [--python PYTHON] [--json FILE] [--write] [--as-built]
//     speed: [--models NAME,…] [--modes NAME,…] [--only REGEX] [--file MODEL.tflite …] [--timing JSON]
//     operators: [--operators MODEL.tflite]      conversion: [--samples 100]
//   npm run bench -- --profile MODEL.tflite [--place node|chromium] [--variant simd|relaxed]
// The made models have random weights (tests/bench/make_models.py) and their ONNX twins are made from the same files; both
// need a Python with TensorFlow (`--python` or TENSORFLOW_PYTHON). The other runtimes come from npm. All stay in
// .cache/bench. `--only` is matched against runtime@place/model/mode, of the made models and of the zoo's. The tables go
// to stdout, with `--write` to web/docs/bench.md too, and every figure to .build/bench.json or FILE.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { conversionTable } from "./bench/conversion.mjs";
import { has, list, option } from "./bench/options.mjs";
import { operatorTable, profile } from "./bench/operators.mjs";
import { installPeers } from "./bench/peers.mjs";
import { Browser } from "./bench/places.mjs";
import { speedTable } from "./bench/speed.mjs";
import { build } from "./build.mjs";
import { setup } from "./setup.mjs";
import { Failure, buildRoot, inRoot, main } from "./system.mjs";

/** Rows: the table's name and what makes it. */
const tables = { speed: speedTable, operators: operatorTable, conversion: conversionTable };

/** Puts the tables at the end of the page of the documentation, in place of those there. */
function writePage({ processor, node, chromium }, texts) {
  const page = inRoot("web/docs/bench.md");
  const heading = "## Measured\n";
  const text = readFileSync(page, "utf8");
  const machine = `${processor}, ${cpus().length} processors; Node ${node.slice(1)}, Chromium ${chromium}.`;
  const [before] = text.split(`\n${heading}`);
  writeFileSync(page, [`${before}\n${heading}`, `${machine}\n`, ...texts].join("\n"));
}

await main(async () => {
  const wanted = list("tables") ?? Object.keys(tables);
  const unknown = wanted.filter((name) => !(name in tables));
  if (unknown.length > 0) throw new Failure(`no such table: ${unknown.join(", ")}`);
  if (has("write") && list("tables")) throw new Failure("--write puts all tables into the page; leave --tables out");
  const tools = await setup("test");
  if (!has("as-built")) await build(tools);
  const api = await import(pathToFileURL(inRoot("dist/node.js")).href);
  if (has("profile") && option("place", "node") === "node")
    return await profile(api, undefined, option("profile"), option("variant"));
  if (!has("profile") && wanted.includes("speed")) await installPeers();
  const browser = await Browser.open(tools.chromium);
  const made = { machine: { processor: cpus()[0]?.model, node: process.version, chromium: browser.version } };
  const texts = [];
  try {
    if (has("profile")) return await profile(api, browser, option("profile"), option("variant"));
    for (const name of wanted) {
      const { text, ...figures } = await tables[name](api, browser);
      console.log(`\n${text}`);
      made[name] = figures;
      texts.push(`### ${name[0].toUpperCase()}${name.slice(1)}\n\n${text}\n`);
    }
  } finally {
    await browser.close();
  }
  if (has("write")) writePage(made.machine, texts);
  const file = option("json", join(buildRoot, "bench.json"));
  mkdirSync(dirname(file), { recursive: true });
  // Outputs were compared; they are thousands of numbers each.
  writeFileSync(
    file,
    JSON.stringify(made, (key, value) => (key === "output" ? undefined : value), 1),
  );
});
