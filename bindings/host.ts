// The engine's side of the protocol: carries calls to the module, and turns whatever happens into an answer.
import { LiteQuantError, messageOf } from "./errors.js";
import { startModule } from "./loader.js";
import type { NativeError, NativeModule } from "./native.js";
import type { Reply, Request } from "./protocol.js";
import type { ErrorDetail } from "./types.js";

export class Host {
  #module: NativeModule | undefined;

  /** Never throws. After a fatal answer this host must not be used again: its memory may be damaged. */
  async answer(request: Request): Promise<Reply> {
    const { id } = request;
    try {
      if ("start" in request) {
        this.#module = await startModule(request.start);
        return { id, result: {} };
      }
      if (!this.#module) throw new Error("the engine was not started");
      const result = call(this.#module, request);
      if (isError(result)) return { id, error: result.error, isFatal: false };
      return { id, result };
    } catch (error) {
      return { id, error: detailOf(error), isFatal: !(error instanceof LiteQuantError) };
    }
  }
}

function call(module: NativeModule, request: Exclude<Request, { start: unknown }>): unknown {
  // Name and arguments belong together by Request's type, which the compiler cannot follow through the look-up.
  const method = module[request.name] as (...values: readonly unknown[]) => unknown;
  return method(...request.arguments);
}

const isError = (result: unknown): result is NativeError =>
  typeof result === "object" && result !== null && "error" in result;

function detailOf(error: unknown): ErrorDetail {
  if (error instanceof LiteQuantError) {
    const { code, message, hint, operator, node, tensor } = error;
    return {
      code,
      message,
      hint,
      ...(operator !== undefined && { operator }),
      ...(node !== undefined && { node }),
      ...(tensor !== undefined && { tensor }),
    };
  }
  return {
    code: "INTERNAL",
    message: `the engine stopped: ${messageOf(error)}`,
    hint: "this is a fault of litequant; please report it with the model. The next call starts a fresh engine",
  };
}
