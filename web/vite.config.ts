// The page, built into .build/web. It must run under a Content-Security-Policy without eval, inline scripts or data: code.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { transform } from "esbuild";
import { type Plugin, defineConfig } from "vite";

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** What is kept when the service worker is installed. Engines and the example are kept when they are first used. */
const isKeptAtOnce = (name: string) => /\.(js|css)$/.test(name);

/** Emits sw.js, told all files of this very build. */
const serviceWorker: Plugin = {
  name: "service worker",
  apply: "build",
  async generateBundle(_options, bundle) {
    const files = ["./", "icon.svg", "manifest.webmanifest", ...Object.keys(bundle).filter(isKeptAtOnce).sort()];
    const version = createHash("sha256").update(Object.keys(bundle).sort().join()).digest("hex").slice(0, 16);
    const { code } = await transform(readFileSync(fromRoot("web/src/service-worker.ts"), "utf8"), {
      loader: "ts",
      minify: true,
      define: { FILES: JSON.stringify(files), VERSION: JSON.stringify(version) },
    });
    this.emitFile({ type: "asset", fileName: "sw.js", source: code });
  },
};

export default defineConfig({
  root: fromRoot("web"),
  base: "./",
  plugins: [preact(), serviceWorker],
  // The page imports the package as any user would.
  resolve: { alias: { litequant: fromRoot("dist/web.js") } },
  worker: { format: "es" },
  build: {
    outDir: fromRoot(".build/web"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
