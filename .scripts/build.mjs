// Builds everything a user gets: both wasm variants, the package in dist/, the page in .build/web and in one file.
// A second run finds nothing to do. Parts whose sources do not exist are left out.
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { buildVariant, variants } from "./cmake.mjs";
import { buildOffline } from "./offline.mjs";
import { buildPackage } from "./package.mjs";
import { setup } from "./setup.mjs";
import { inRoot, locked, main, say } from "./system.mjs";
import { buildWeb } from "./web.mjs";

export async function build(tools) {
  await locked("build", async () => {
    if (existsSync(inRoot("bindings/embind.cpp"))) {
      for (const variant of variants) await buildVariant(variant, ["litequant"], tools);
    } else {
      say("module: skipped, bindings/embind.cpp is not there yet");
    }
    await buildPackage();
    await buildWeb();
    await buildOffline();
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => build(await setup()));
}
