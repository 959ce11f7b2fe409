// Debian 12's packages: installs missing ones, and unpacks packages of Debian 13 into a folder of ours. The machine's
// own apt sources are only read; Debian 13's list lives in .cache/apt.
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { Failure, cache, capture, must, run, say, which } from "./system.mjs";

export function isDebian12() {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^ID=debian$/m.test(release) && /^VERSION_ID="?12"?$/m.test(release);
}

const installed = (name) =>
  capture("dpkg-query", ["-W", "-f=${Status}", name], { stdio: ["ignore", "pipe", "ignore"] })?.endsWith(" installed");

/** Installs the packages that are missing, with root's or sudo's rights. */
export async function installPackages(names) {
  const missing = names.filter((name) => !installed(name));
  if (missing.length === 0) return;
  const isRoot = process.getuid() === 0;
  if (!isRoot && !which("sudo")) {
    throw new Failure(
      `These Debian packages are missing; install them as root:\n  apt-get install ${missing.join(" ")}`,
    );
  }
  say(`installing ${missing.join(" ")}`);
  const apt = (...args) => {
    const line = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600", ...args];
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    if (isRoot) return run(line[0], line.slice(1), { quiet: true, env });
    return run("sudo", ["-n", "env", "DEBIAN_FRONTEND=noninteractive", ...line], { quiet: true });
  };
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  // A fresh image has no package lists; an old one has lists of files that are gone.
  const known = missing.every((name) =>
    capture("apt-cache", ["show", "--no-all-versions", name], { stdio: ["ignore", "pipe", "ignore"] }),
  );
  if (known && (await apt(...install)) === 0) return;
  await apt("update");
  if ((await apt(...install)) !== 0) throw new Failure(`apt-get could not install: ${missing.join(" ")}`);
}

/** Where this machine gets Debian from: the address of its own main archive. */
function archive() {
  const parts = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  const addresses = files
    .filter((file) => /\.(list|sources)$/.test(file) && existsSync(file))
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => !line.trimStart().startsWith("#"))
    .flatMap((line) => line.match(/\b(?:https?|file|ftp):\/[^\s]+/g) ?? [])
    .filter((address) => !/security/.test(address));
  const found = addresses.find((address) => /\/debian\/?$/.test(address)) ?? addresses[0];
  if (!found) throw new Failure("No Debian archive in /etc/apt/sources.list or /etc/apt/sources.list.d.");
  return found;
}

/** apt-get on Debian 13's packages, with state of its own. Needs no rights beyond ours. */
function aptOfDebian13() {
  const state = join(cache, "apt");
  for (const folder of ["lists/partial", "archives/partial"]) mkdirSync(join(state, folder), { recursive: true });
  writeFileSync(join(state, "sources.list"), `deb ${archive()} trixie main\n`);
  const settings = {
    "Dir::Etc::sourcelist": join(state, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::Etc::preferences": "/dev/null",
    "Dir::Etc::preferencesparts": "/dev/null",
    "Dir::State::lists": join(state, "lists"),
    "Dir::Cache": state,
    "Dir::Cache::archives": join(state, "archives"),
    "APT::Sandbox::User": "",
    "APT::Update::Post-Invoke": "",
    "APT::Update::Post-Invoke-Success": "",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return (cwd, ...args) => must("apt-get", ["-qq", ...options, ...args], { cwd, quiet: true });
}

const runtime = ["libc6", "libstdc++6", "libgcc-s1"];

/**
 * Unpacks Debian 13 packages into `folder`/root, and makes their programs matching `programs` runnable here by wrappers
 * in `folder`/bin that use Debian 13's own loader and C library, unpacked beside them.
 */
export async function unpackDebian13(folder, packages, programs) {
  say(`unpacking ${packages.join(", ")} of Debian 13 into ${relative(process.cwd(), folder) || folder}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "bin"), { recursive: true });
  const apt = aptOfDebian13();
  await apt(folder, "update");
  await apt(folder, "download", ...packages, ...runtime);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".deb"))) {
    const name = basename(file).split("_")[0];
    await must("dpkg-deb", ["-x", join(folder, file), join(folder, runtime.includes(name) ? "libc" : "root")]);
    rmSync(join(folder, file));
  }
  const libraries = (name) => {
    const base = join(folder, name, "usr/lib");
    const triplet = readdirSync(base).find((entry) => entry.includes("-linux-gnu"));
    return triplet && `${name}/usr/lib/${triplet}`;
  };
  const libc = libraries("libc");
  const loader = readdirSync(join(folder, libc)).find((name) => /^ld-linux.*\.so/.test(name));
  const path = [libc, libraries("root")]
    .filter(Boolean)
    .map((entry) => `"$here/${entry}"`)
    .join(":");
  for (const program of readdirSync(join(folder, "root/usr/bin")).filter((name) => programs.test(name))) {
    const wrapper = join(folder, "bin", program);
    const here = `here=$(cd "$(dirname "$0")/.." && pwd)`;
    const command = `exec "$here/${libc}/${loader}" --library-path ${path} "$here/root/usr/bin/${program}" "$@"`;
    writeFileSync(wrapper, `#!/bin/sh\n${here}\n${command}\n`);
    chmodSync(wrapper, 0o755);
  }
  rmSync(join(cache, "apt"), { recursive: true, force: true });
  return dirname(join(folder, "root/usr/bin"));
}
