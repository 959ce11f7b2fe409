// Jest on the package as a user has it: packed, unpacked into a fresh folder, imported by its name.
import { fileURLToPath } from "node:url";

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

export default {
  rootDir: fromRoot("tests/package"),
  testMatch: ["**/*.test.ts"],
  testEnvironment: "node",
  testTimeout: 120_000,
  maxWorkers: 2,
  transform: { "\\.ts$": ["ts-jest", { tsconfig: fromRoot("tests/tsconfig.json") }] },
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  resolver: fromRoot("tests/jest.resolver.cjs"),
  globalSetup: fromRoot("tests/jest.setup.mjs"),
};
