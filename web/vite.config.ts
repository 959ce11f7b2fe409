// The page, built into .build/web. It must run under a Content-Security-Policy without eval, inline scripts or data: code.
import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import { defineConfig } from "vite";

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export default defineConfig({
  root: fromRoot("web"),
  base: "./",
  plugins: [preact()],
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
