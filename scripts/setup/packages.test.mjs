import { expect, test } from "vitest";
import { isInstalled } from "./packages.mjs";

const LINUX = { platform: "linux", arch: "x64" };
const wanted = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/linked": { link: true },
    "packages/linked": { version: "0.1.0" },
    "node_modules/for-mac": { version: "1.0.0", integrity: "sha512-m", optional: true, os: ["darwin"] },
  },
};
const { "": _root, "node_modules/for-mac": _mac, ...installed } = wanted.packages;

test("what the lock file names is installed; what is for other systems may be missing", () => {
  expect(isInstalled(wanted, { packages: installed }, LINUX)).toBe(true);
});

test.each([
  ["nothing", {}],
  ["another version", { ...installed, "node_modules/a": { version: "1.0.1", integrity: "sha512-a" } }],
  ["another content", { ...installed, "node_modules/a": { version: "1.0.0", integrity: "sha512-b" } }],
  ["one missing", { ...installed, "packages/linked": undefined }],
  ["another system's", { ...installed, "node_modules/for-mac": wanted.packages["node_modules/for-mac"] }],
])("%s is not it", (_, packages) => {
  const lock = /** @type {import("./packages.mjs").Lock} */ ({
    packages: JSON.parse(JSON.stringify(packages)),
  });
  expect(isInstalled(wanted, lock, LINUX)).toBe(false);
});
