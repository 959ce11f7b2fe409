// Debian's own Firefox, driven through WebDriver BiDi: Playwright drives none but a build of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Node has WebSocket from version 22 on, and before behind --experimental-websocket. */
interface Socket {
  onopen: (() => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  send(text: string): void;
  close(): void;
}
type SocketClass = new (address: string) => Socket;
export const socketClass = (globalThis as unknown as { WebSocket?: SocketClass }).WebSocket;

interface Answer {
  readonly id?: number;
  readonly type: "success" | "error" | "event";
  readonly result?: unknown;
  readonly message?: string;
}

export class Firefox {
  readonly #process: ChildProcess;
  readonly #socket: Socket;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;
  #page = "";

  private constructor(process: ChildProcess, socket: Socket, profile: string) {
    this.#process = process;
    this.#socket = socket;
    this.#profile = profile;
    socket.onmessage = ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    };
  }

  static async start(program: string): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), "litequant-firefox-"));
    // Nothing of its own is looked for on the network.
    const settings = ["app.update.enabled", "browser.region.update.enabled", "network.captive-portal-service.enabled"];
    writeFileSync(join(profile, "user.js"), settings.map((name) => `user_pref("${name}", false);\n`).join(""));
    const line = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"];
    const process = spawn(program, line, { stdio: ["ignore", "ignore", "pipe"] });
    const address = await new Promise<string>((resolve, reject) => {
      let said = "";
      process.stderr.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said)?.[1];
        if (found) resolve(found);
      });
      process.on("exit", (code) => reject(new Error(`Firefox ended with ${String(code)}: ${said}`)));
    });
    if (!socketClass) throw new Error("this Node has no WebSocket; start it with --experimental-websocket");
    const socket = new socketClass(`${address}/session`);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = ({ message }) => reject(new Error(`no connection to Firefox: ${message ?? ""}`));
    });
    const firefox = new Firefox(process, socket, profile);
    await firefox.#send("session.new", { capabilities: {} });
    const { contexts } = (await firefox.#send("browsingContext.getTree", {})) as { contexts: { context: string }[] };
    firefox.#page = contexts[0]?.context ?? "";
    return firefox;
  }

  async open(address: string): Promise<void> {
    await this.#send("browsingContext.navigate", { context: this.#page, url: address, wait: "complete" });
  }

  /** The value of an expression in the page, which must be a text. */
  async evaluate(expression: string): Promise<string> {
    const line = { expression, target: { context: this.#page }, awaitPromise: true };
    const answer = (await this.#send("script.evaluate", line)) as {
      readonly result?: { readonly type: string; readonly value?: unknown };
      readonly exceptionDetails?: { readonly text: string };
    };
    if (answer.exceptionDetails) throw new Error(`${expression}: ${answer.exceptionDetails.text}`);
    return String(answer.result?.value ?? "");
  }

  async close(): Promise<void> {
    await this.#send("browser.close", {}).catch(() => undefined);
    this.#socket.close();
    if (this.#process.exitCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      setTimeout(() => this.#process.kill("SIGKILL"), 5000).unref();
      await ended;
    }
    rmSync(this.#profile, { recursive: true, force: true });
  }

  async #send(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    const answer = await answered;
    this.#waiting.delete(id);
    if (answer.type === "error") throw new Error(`${method}: ${answer.message ?? "failed"}`);
    return answer.result;
  }
}
