// Serves the built page with the headers a strict host would send.
//   node .scripts/serve.mjs [port]        the given port, or the next free one from 8080
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure, inRoot, main } from "./system.mjs";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
};

const headers = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-cache",
};

/** The file a request means, or undefined. Never one outside the folder. */
function fileOf(folder, url) {
  try {
    const path = normalize(decodeURIComponent(new URL(url, "http://host").pathname));
    const file = join(folder, path.endsWith(sep) ? join(path, "index.html") : path);
    return file.startsWith(folder + sep) && !file.includes("\0") && statSync(file).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}

function answer(folder, request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") return response.writeHead(405, headers).end();
  const file = fileOf(folder, request.url);
  if (!file) return response.writeHead(404, { ...headers, "Content-Type": "text/plain" }).end("not found\n");
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": statSync(file).size });
  if (request.method === "HEAD") return response.end();
  createReadStream(file).pipe(response);
}

/** Serves `folder` on `port`, or on the next free one; resolves to {address, close}. */
export function serve(folder, port = 8080, { next = true } = {}) {
  const server = createServer((request, response) => answer(folder, request, response));
  return new Promise((resolve, reject) => {
    server.on("error", (error) => {
      if (error.code !== "EADDRINUSE") reject(error);
      else if (next && port < 65535) server.listen(++port, "127.0.0.1");
      else reject(new Failure(`port ${port} is taken`));
    });
    server.on("listening", () =>
      resolve({ address: `http://localhost:${server.address().port}/`, close: () => server.close() }),
    );
    server.listen(port, "127.0.0.1");
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const port = process.argv[2];
    const { address } = await serve(inRoot(".build/web"), port ? Number(port) : 8080, { next: !port });
    console.log(address);
  });
}
