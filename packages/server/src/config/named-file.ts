import { readFileSync } from "node:fs";

/** Reads the file that a variable names. Undefined if it cannot be read: `mistakes` then has the reason. */
export function readNamedFile(variable: string, path: string, mistakes: string[]): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    mistakes.push(`${variable} names ${path}, which cannot be read (${code ?? error}).`);
    return undefined;
  }
}
