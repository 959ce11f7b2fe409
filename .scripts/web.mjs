// Builds the page into .build/web with Vite, if its sources or the package changed.
import { existsSync } from "node:fs";
import { filesBelow, inRoot, must, say, whenChanged } from "./system.mjs";

export async function buildWeb() {
  if (!existsSync(inRoot("web/index.html")) || !existsSync(inRoot("dist/web.js"))) {
    say("page: skipped, web/index.html or the package is not there yet");
    return;
  }
  const files = [...filesBelow("web"), ...filesBelow("dist"), ".scripts/web.mjs", "package.json", "package-lock.json"];
  await whenChanged("web", { files }, [".build/web/index.html"], async () => {
    const vite = inRoot("node_modules/vite/bin/vite.js");
    await must(process.execPath, [vite, "build", "--logLevel", "warn", "--config", "web/vite.config.ts"]);
  });
}
