/**
 * What compiled programs depend on. `libc`: on Linux only.
 * @typedef {{ platform: NodeJS.Platform, arch: string, libc: "glibc" | "musl" | undefined }} Machine
 */

/** @returns {Machine} */
export function thisMachine() {
  const { platform, arch } = process;
  if (platform !== "linux") return { platform, arch, libc: undefined };
  // Without this, the report asks the DNS for the name of each peer.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return { platform, arch, libc: header.glibcVersionRuntime ? "glibc" : "musl" };
}
