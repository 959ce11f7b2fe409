// Configures and builds one variant of the C++ side in .build/<variant>.
//   node .scripts/cmake.mjs simd|relaxed|native [target...]      (no target: everything, tests included)
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setup } from "./setup.mjs";
import { Failure, buildRoot, locked, main, must, root, say } from "./system.mjs";

export const variants = ["simd", "relaxed"];

const statusLines = /^(\[\d+\/\d+\]|-- |ninja: Entering).*\n/gm;

/** Builds `targets` of a variant; resolves to its folder. */
export async function buildVariant(variant, targets, tools) {
  const folder = join(buildRoot, variant);
  await locked(`build-${variant}`, async () => {
    await configure(variant, folder, tools);
    let announced = false;
    await must("ninja", ["-C", folder, "-j2", ...targets], {
      env: tools.env,
      quiet: true,
      noise: statusLines,
      onOutput: (text) => {
        if (announced || !/^\[[1-9]/m.test(text)) return;
        announced = true;
        say(`building ${variant}`);
      },
    });
  });
  return folder;
}

async function configure(variant, folder, tools) {
  const settings = {
    LITEQUANT_VARIANT: variant,
    FLATC: tools.flatbuffers.flatc,
    FLATBUFFERS_INCLUDE: tools.flatbuffers.include,
    GOOGLETEST_SOURCE: tools.googletest,
  };
  if (variant === "native") {
    settings.SANITIZE = "ON";
    if (tools.clang) settings.CMAKE_CXX_COMPILER = tools.clang;
  }
  const options = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  const line = ["cmake", "-S", root, "-B", folder, "-G", "Ninja", "--fresh", ...options];
  if (variant !== "native") line.unshift(tools.emscripten.emcmake);
  // Configured once with this very line; after that ninja itself notices a changed CMakeLists.txt.
  const stamp = join(folder, "configured.txt");
  const wanted = line.join("\n");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  await must(line[0], line.slice(1), { env: tools.env, quiet: true });
  writeFileSync(stamp, wanted);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const [variant, ...targets] = process.argv.slice(2);
    if (![...variants, "native"].includes(variant))
      throw new Failure("usage: node .scripts/cmake.mjs simd|relaxed|native [target...]");
    await buildVariant(variant, targets, await setup(variant === "native" ? "native" : "build"));
  });
}
