import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

/** Smaller files fit into one packet: compressing them saves nothing. */
const MIN_BYTES = 1_024;
/** The highest quality, 11, makes files 2 % smaller and takes three times as long. */
const BROTLI_QUALITY = 10;

const encodings = {
  br: promisify(brotliCompress),
  gz: promisify(gzip),
} as const;

/** Writes `.br` and `.gz` beside each built text file. The servers send those as they are. */
export function precompress(): Plugin {
  let folder = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    async closeBundle() {
      const names = await readdir(folder, { recursive: true });
      const texts = names.filter((name) => /\.(js|css|html|svg|json|webmanifest)$/.test(name));
      await Promise.all(
        texts.map(async (name) => {
          const path = join(folder, name);
          const content = await readFile(path);
          if (content.length < MIN_BYTES) return;
          await writeFile(`${path}.gz`, await encodings.gz(content, { level: 9 }));
          const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
          await writeFile(`${path}.br`, await encodings.br(content, { params }));
        }),
      );
    },
  };
}
