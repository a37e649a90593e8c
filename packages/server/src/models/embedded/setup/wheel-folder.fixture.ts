import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Wheel } from "./wheels.ts";

const WRITE_WHEELS = `
import sys, zipfile
folder, *pieces = sys.argv[1:]
for index, content in enumerate(pieces):
    name = f"piece{index}"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(f"{folder}/{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"{name}/data.bin", content)
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

/** Makes a wheel for each piece of a file. */
export async function makeWheels(folder: string, pieces: readonly string[]): Promise<Wheel[]> {
  await python("python3", ["-c", WRITE_WHEELS, folder, ...pieces]);
  return pieces.map((content, index) => ({
    name: `piece${index}`,
    version: "1.0",
    entry: `piece${index}/data.bin`,
    bytes: Buffer.byteLength(content),
  }));
}
