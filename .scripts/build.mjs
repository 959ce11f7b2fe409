// Builds everything a user gets: both wasm variants, the package in dist/, the page in .build/web.
// A second run finds nothing to do. Parts whose sources do not exist are left out.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { buildVariant, variants } from "./cmake.mjs";
import { setup } from "./setup.mjs";
import { inRoot, main } from "./system.mjs";

export async function build(tools) {
  if (existsSync(inRoot("bindings/embind.cpp"))) {
    for (const variant of variants) await buildVariant(variant, ["litequant"], tools);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => build(await setup()));
}
