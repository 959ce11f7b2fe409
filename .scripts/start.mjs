// `npm start`: sets up, builds, runs the main job on the embedded model, then serves the page.
// `npm start -- --once` ends after the table.
import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { build } from "./build.mjs";
import { serve } from "./serve.mjs";
import { setup } from "./setup.mjs";
import { Failure, inRoot, main, root, say } from "./system.mjs";

await main(async () => {
  await build(await setup());
  if (!existsSync(inRoot("dist/cli.js"))) throw new Failure("dist/cli.js was not built: bindings/cli.ts is missing");
  const table = spawnSync(process.execPath, [inRoot("dist/cli.js"), "report", "--example"], {
    cwd: root,
    stdio: "inherit",
  });
  if (table.status !== 0) return table.status ?? 1;
  if (process.argv.includes("--once")) return 0;
  if (!existsSync(inRoot(".build/web/index.html")))
    throw new Failure(".build/web was not built: web/index.html is missing");
  const { address } = await serve(inRoot(".build/web"));
  console.log(`\nThe page: ${address}`);
  say("Ctrl+C ends it.");
});
