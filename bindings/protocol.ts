// The typed protocol between the API and the engine, the same whether the engine lives in a worker or in this thread.
// A call is the name of a function of the module with its arguments; the answer is its result or an error.
import type { NativeError, NativeModule } from "./native.js";
import type { ErrorDetail, Variant } from "./types.js";

export type CallName = keyof NativeModule;
export type Arguments<K extends CallName> = Parameters<NativeModule[K]>;
export type Result<K extends CallName> = Exclude<ReturnType<NativeModule[K]>, NativeError>;

/** How an engine is started. */
export interface StartOptions {
  readonly variant: Variant;
  /** Either the bytes, or an absolute address of the wasm file. */
  readonly wasm: Uint8Array | ArrayBuffer | string;
}

export type Request =
  | { readonly id: number; readonly start: StartOptions }
  | { [K in CallName]: { readonly id: number; readonly name: K; readonly arguments: Arguments<K> } }[CallName];

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorDetail; readonly isFatal: boolean };

/** Buffers inside a result that can be handed over instead of copied. */
export function transferable(result: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (value: unknown): void => {
    if (value instanceof Uint8Array) {
      if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
    } else if (Array.isArray(value)) {
      value.forEach(visit);
    }
  };
  if (typeof result === "object" && result !== null) Object.values(result).forEach(visit);
  return [...found];
}

/** The request with copies of its arrays, which can be handed over: a view would take its whole buffer along. */
export function copied(request: Request): { readonly message: Request; readonly buffers: ArrayBuffer[] } {
  const buffers: ArrayBuffer[] = [];
  const copy = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      const bytes = new Uint8Array(value);
      buffers.push(bytes.buffer);
      return bytes;
    }
    return Array.isArray(value) ? value.map(copy) : value;
  };
  if ("start" in request) return { message: request, buffers };
  return { message: { ...request, arguments: request.arguments.map(copy) } as Request, buffers };
}
