// Rules for all our TypeScript and the scripts; run from the root by .scripts/lint.mjs.
import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

const nodeGlobals = Object.fromEntries(
  [
    "process",
    "console",
    "__dirname",
    "require",
    "module",
    "URL",
    "Buffer",
    "setTimeout",
    "clearTimeout",
    "fetch",
    "WebAssembly",
  ].map((name) => [name, "readonly"]),
);

export default tseslint.config(
  { ignores: ["**/node_modules", "dist", ".build", ".cache"] },
  eslint.configs.recommended,
  { files: ["**/*.ts", "**/*.tsx"], extends: [tseslint.configs.strict] },
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-syntax": ["error", { selector: "ExportDefaultDeclaration", message: "Export by name." }],
    },
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    rules: {
      "no-undef": "off", // the compiler knows
      "@typescript-eslint/no-non-null-assertion": "off", // elements of arrays, under noUncheckedIndexedAccess
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  { files: ["**/*.mjs", "**/*.cjs"], languageOptions: { globals: nodeGlobals } },
  {
    // Tools find their configuration by its default export.
    files: ["**/*.config.*", "**/*.d.ts", "tests/jest.setup.mjs"],
    rules: { "no-restricted-syntax": "off" },
  },
);
