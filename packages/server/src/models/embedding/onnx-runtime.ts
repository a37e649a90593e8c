import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Runtime } from "../embedded/setup/runtime.ts";
import { SetupError } from "../embedded/setup/setup-error.ts";

const VERSION = "1.30.0";
const TOKENIZERS_VERSION = "0.2.0";
const MACHINES = ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64", "win32-arm64"];

/** ONNX Runtime (MIT) and the tokenizer of Hugging Face (Apache-2.0). */
export const ONNX_RUNTIME: Runtime = {
  title: "the built-in embedding model",
  name: `onnxruntime-node-${VERSION}-tokenizers-${TOKENIZERS_VERSION}`,
  entry: "onnxruntime-node/dist/index.js",
  bytes: 400_000_000,
  size: "ONNX Runtime, 46 MB",
  packages: ({ platform, arch, libc }) => {
    const action = "Set EMBEDDING_MODEL=none here: recall finds turns by their words.";
    if (!MACHINES.includes(`${platform}-${arch}`)) {
      throw new SetupError(`The built-in embedding model does not run on ${platform} ${arch}.`, action);
    }
    if (libc === "musl") {
      throw new SetupError(
        "The built-in embedding model needs the GNU C library, and this system (Alpine, for example) has musl.",
        action,
      );
    }
    return [`onnxruntime-node@${VERSION}`, `@huggingface/tokenizers@${TOKENIZERS_VERSION}`];
  },
  // The package has the binaries of all machines, 288 MB.
  prune: async (folder) => {
    const all = join(folder, "node_modules", "onnxruntime-node", "bin");
    for (const abi of await readdir(all)) {
      for (const platform of await readdir(join(all, abi))) {
        for (const arch of await readdir(join(all, abi, platform))) {
          if (platform === process.platform && arch === process.arch) continue;
          await rm(join(all, abi, platform, arch), { recursive: true, force: true });
        }
      }
    }
  },
};
