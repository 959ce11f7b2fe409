// The types of the module are written by hand (bindings/native.ts): they are held to what the C++ side exports.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./support";

const cpp = readFileSync(join(root, "bindings/embind.cpp"), "utf8");
const types = readFileSync(join(root, "bindings/native.ts"), "utf8");

/** Number of parameters in a list, none being nested in parentheses or angle brackets that hold commas. */
const countOf = (list: string): number => list.split(",").filter((part) => part.trim() !== "").length;

function exported(): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name = "", target = ""] of cpp.matchAll(/\bfunction\("(\w+)", &(\w+)\)/g)) {
    const definition = new RegExp(`^(?:val|void) ${target}\\(([^)]*)\\)`, "m").exec(cpp);
    found.set(name, countOf(definition?.[1] ?? "not, found, at, all, of, these"));
  }
  return found;
}

function declared(): Map<string, number> {
  const [, body = ""] = /interface NativeModule \{\n([\s\S]*?)\n\}/.exec(types) ?? [];
  const found = new Map<string, number>();
  for (const [, name = "", list = ""] of body.matchAll(/^ {2}(\w+)\(([^)]*)\):/gm)) found.set(name, countOf(list));
  return found;
}

test("every function of the module is declared, with its arguments", () => {
  expect(exported().size).toBeGreaterThan(15);
  expect(Object.fromEntries(declared())).toEqual(Object.fromEntries(exported()));
});

test("views of the engine's memory stay within one file", () => {
  expect(cpp).not.toContain("typed_memory_view");
});
