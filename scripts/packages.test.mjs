import { expect, test } from "vitest";
import { isInstalled } from "./packages.mjs";

/** @type {import("../packages/setup/base/machine.mjs").Machine} */
const LINUX = { platform: "linux", arch: "x64", libc: "glibc" };
/** @type {import("./packages.mjs").Lock} */
const wanted = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/linked": { link: true },
    "packages/linked": { version: "0.1.0" },
    "node_modules/for-glibc": {
      version: "1.0.0",
      integrity: "sha512-g",
      optional: true,
      os: ["linux"],
      cpu: ["x64"],
      libc: ["glibc"],
    },
    "node_modules/for-musl": {
      version: "1.0.0",
      optional: true,
      os: ["linux"],
      cpu: ["x64"],
      libc: ["musl"],
    },
    "node_modules/for-no-platform": { version: "1.0.0", optional: true },
    "node_modules/for-mac": { version: "1.0.0", integrity: "sha512-m", optional: true, os: ["darwin"] },
  },
};
const NOT_HERE = ["", "node_modules/for-musl", "node_modules/for-no-platform", "node_modules/for-mac"];
const installed = Object.fromEntries(
  Object.entries(wanted.packages).filter(([path]) => !NOT_HERE.includes(path)),
);

test("what the lock file names is installed; what is for other systems may be missing", () => {
  expect(isInstalled(wanted, { packages: installed }, LINUX)).toBe(true);
});

test.each([
  ["nothing", {}],
  ["another version", { ...installed, "node_modules/a": { version: "1.0.1", integrity: "sha512-a" } }],
  ["another content", { ...installed, "node_modules/a": { version: "1.0.0", integrity: "sha512-b" } }],
  ["one missing", { ...installed, "packages/linked": undefined }],
  ["this platform's binary missing", { ...installed, "node_modules/for-glibc": undefined }],
  ["another system's", { ...installed, "node_modules/for-mac": wanted.packages["node_modules/for-mac"] }],
])("%s is not it", (_, packages) => {
  const lock = /** @type {import("./packages.mjs").Lock} */ ({
    packages: JSON.parse(JSON.stringify(packages)),
  });
  expect(isInstalled(wanted, lock, LINUX)).toBe(false);
});
