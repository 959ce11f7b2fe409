// What the browser really asks of the network, as its own log of name look-ups and connections tells; how much the first
// load takes; and how long the page is ever stuck.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { chromium, expect, test } from "@playwright/test";
import { finished, inRoot, openExample } from "./support.js";

interface NetLog {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> };
  readonly events: readonly { readonly type: number; readonly params?: Readonly<Record<string, unknown>> }[];
}

/**
 * Hosts that the log tells were looked up for a site, or asked by one. What the browser itself asks (updates, its accounts)
 * belongs to no site or to one of its own.
 */
function hostsIn(path: string): Set<string> {
  const { constants, events } = JSON.parse(readFileSync(path, "utf8")) as NetLog;
  const { HOST_RESOLVER_MANAGER_REQUEST: lookUp, URL_REQUEST_START_JOB: request } = constants.logEventTypes;
  const hosts = new Set<string>();
  for (const { type, params } of events) {
    if (type !== lookUp && type !== request) continue;
    const place = params?.["host"] ?? params?.["url"];
    const site = String(params?.["network_anonymization_key"] ?? params?.["network_isolation_key"] ?? "");
    const isOfSite = site !== "" && !/^null|google\.com/.test(site);
    if (typeof place !== "string" || !isOfSite || /^(data|blob|chrome|about):/.test(place)) continue;
    hosts.add(URL.canParse(place) && place.includes("://") ? new URL(place).hostname : place.replace(/:\d+$/, ""));
  }
  return hosts;
}

test("no host but its own is looked up or asked, by the resolver's own log", async ({ baseURL }, { project }) => {
  const log = join(mkdtempSync(join(tmpdir(), "litequant-")), "netlog.json");
  const { launchOptions } = project.use;
  // Chromium itself asks what kind of fields a form has, which is not the page's doing.
  const args = [`--log-net-log=${log}`, "--disable-features=AutofillServerCommunication"];
  const open = () => chromium.launch({ ...launchOptions, args: [...(launchOptions?.args ?? []), ...args] });

  let browser = await open();
  const page = await browser.newPage();
  await openExample(page, baseURL);
  await page.getByRole("button", { name: "Try every mode" }).click();
  await finished(page);
  await browser.close();
  expect([...hostsIn(log)]).toEqual(["localhost"]);

  // The same log does tell of a request to another host.
  browser = await open();
  const control = await browser.newPage();
  await control.goto("http://litequant-control.invalid/").catch(() => undefined);
  await browser.close();
  expect([...hostsIn(log)]).toContain("litequant-control.invalid");
});

test("the page cannot send even when told to", async ({ page }) => {
  await page.goto("/");
  const outcome = await page.evaluate(() =>
    fetch("https://litequant-control.invalid/", { method: "POST", body: "x" }).then(
      () => "sent",
      () => "stopped",
    ),
  );
  expect(outcome).toBe("stopped");
  await expect(page.locator(".traffic")).toContainText("0 bytes sent");
  await page.locator(".traffic summary").click();
  await expect(page.locator(".traffic-more")).toContainText("1 stopped by the policy");
});

test("the first load, measured", async ({ page }) => {
  const taken = new Set<string>();
  page.on("request", (request) => taken.add(new URL(request.url()).pathname));
  await page.goto("/");
  await expect(page.getByTestId("engine")).toBeVisible();
  const files = [...taken]
    .filter((path) => !path.endsWith("sw.js"))
    .map((path) => (path === "/" ? "/index.html" : path));
  const sizeOf = (path: string) => brotliCompressSync(readFileSync(inRoot(`.build/web${path}`))).byteLength;
  const sum = (paths: readonly string[]) => paths.reduce((total, path) => total + sizeOf(path), 0);
  const [engine = "", ...others] = files.filter((path) => path.endsWith(".wasm"));
  expect(others).toEqual([]); // one build alone
  const own = sum(files) - sizeOf(engine);
  console.log(`first load: ${own} bytes brotli, with the engine ${sum(files)}`);
  expect(own).toBeLessThan(60_000);
  expect(sum(files)).toBeLessThan(450_000);
});

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds on the clock, and of the processor's time. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

for (const name of ["Characters", "Noise"]) {
  test(`no long task on the main thread from the choice of ${name} to the table of all modes`, async ({
    page,
    browser,
  }) => {
    await page.goto("/");
    await browser.startTracing(page, { categories: ["toplevel"] });
    await page.getByRole("button", { name, exact: true }).click();
    await expect(page.getByTestId("sample-count")).toBeVisible();
    await page.getByRole("button", { name: "Try every mode" }).click();
    await finished(page);
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const thread = ({ pid, tid }: TraceEvent) => `${pid}/${tid}`;
    const isMain = (event: TraceEvent) => event.name === "thread_name" && event.args?.name === "CrRendererMain";
    const main = new Set(traceEvents.filter(isMain).map(thread));
    const isTask = (event: TraceEvent) => event.name === "ThreadControllerImpl::RunTask" && event.ph === "X";
    const tasks = traceEvents.filter((event) => isTask(event) && main.has(thread(event)));
    expect(tasks.length).toBeGreaterThan(500);
    // The clock on the wall also counts what else the machine does meanwhile; the processor's time does not.
    // Tasks of a microsecond have none of it written.
    const longest = Math.max(...tasks.map(({ dur = 0, tdur = dur }) => tdur)) / 1000;
    const onTheClock = Math.max(...tasks.map(({ dur = 0 }) => dur)) / 1000;
    console.log(
      `${name}: longest task ${longest.toFixed(1)} ms of the processor, ${onTheClock.toFixed(1)} by the clock`,
    );
    expect(longest).toBeLessThanOrEqual(50);
  });
}
