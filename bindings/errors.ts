// The one error class users meet.
import type { ErrorCode, ErrorDetail } from "./types.js";

/** Every failure of the package's own. `message` is a sentence; `hint` says what can be done about it, or is "". */
export class LiteQuantError extends Error implements ErrorDetail {
  override readonly name = "LiteQuantError";
  readonly code: ErrorCode;
  readonly hint: string;
  /** "CONV_2D", where the error is about an operator. */
  readonly operator?: string;
  /** Index of that operator in its graph. */
  readonly node?: number;
  readonly tensor?: string;

  constructor(detail: Omit<ErrorDetail, "hint"> & { readonly hint?: string }, options?: ErrorOptions) {
    super(detail.message, options);
    this.code = detail.code;
    this.hint = detail.hint ?? "";
    if (detail.operator !== undefined) this.operator = detail.operator;
    if (detail.node !== undefined) this.node = detail.node;
    if (detail.tensor !== undefined) this.tensor = detail.tensor;
  }
}

/** Throws; for use in expressions. */
export function refuse(code: ErrorCode, message: string, hint = ""): never {
  throw new LiteQuantError({ code, message, hint });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
