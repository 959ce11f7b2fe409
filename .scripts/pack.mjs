// Packs the package as `npm publish` would, and unpacks it into a fresh folder, as `npm install` would:
// .cache/packed/node_modules/litequant.
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cache, main, must } from "./system.mjs";

export const packed = join(cache, "packed");

export async function pack() {
  rmSync(packed, { recursive: true, force: true });
  mkdirSync(join(packed, "node_modules"), { recursive: true });
  await must("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", packed], { quiet: true });
  const archive = readdirSync(packed).find((name) => name.endsWith(".tgz"));
  await must("tar", ["-xzf", join(packed, archive), "-C", packed]);
  renameSync(join(packed, "package"), join(packed, "node_modules/litequant"));
  rmSync(join(packed, archive));
  writeFileSync(join(packed, "package.json"), '{ "private": true }\n');
  return packed;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main(async () => void (await pack()));
