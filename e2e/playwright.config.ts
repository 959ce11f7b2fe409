// The page in Debian's Chromium (or the one named by CHROMIUM), served with the strict headers of .scripts/serve.mjs.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";

const root = fileURLToPath(new URL("..", import.meta.url));
const port = Number(process.env.E2E_PORT ?? 8137);
const chromium =
  process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

export default defineConfig({
  testDir: ".",
  testMatch: "**/*.spec.ts",
  outputDir: `${root}.build/e2e`,
  // Generous: an assertion waits for work in a worker, on machines that are busy with other things.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  workers: 1,
  forbidOnly: true,
  reporter: [["line"], ["json", { outputFile: process.env.E2E_RESULTS ?? `${root}.build/e2e-results.json` }]],
  webServer: { command: `node .scripts/serve.mjs ${port}`, cwd: root, port, reuseExistingServer: false },
  use: {
    baseURL: `http://localhost:${port}/`,
    browserName: "chromium",
    acceptDownloads: true,
    trace: "retain-on-failure",
    launchOptions: {
      ...(chromium ? { executablePath: chromium } : {}),
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
