import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What is used of onnxruntime-node. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string, options: object): Promise<Session>;
  };
  readonly Tensor: new (type: "int64", data: BigInt64Array, dims: readonly number[]) => unknown;
}

interface Session {
  run(
    feeds: Record<string, unknown>,
  ): Promise<{ readonly last_hidden_state?: { readonly data: Float32Array } }>;
}

/** What is used of @huggingface/tokenizers. */
interface Tokenizers {
  readonly Tokenizer: new (json: unknown, config: object) => { encode(text: string): { ids: number[] } };
}

/** Where an encoder's parts are. */
export interface EncoderFiles {
  /** File URL of onnxruntime-node's module. The tokenizer is installed beside it. */
  readonly runtime: string;
  readonly weights: string;
  readonly tokenizer: string;
}

/** A loaded model that makes vectors of texts. */
export class Encoder {
  readonly #onnx: OnnxRuntime;
  readonly #session: Session;
  readonly #tokenizer: { encode(text: string): { ids: number[] } };
  readonly #maxTokens: number;

  static async load({ runtime, weights, tokenizer }: EncoderFiles, maxTokens: number): Promise<Encoder> {
    const require = createRequire(runtime);
    const onnx = require(fileURLToPath(runtime)) as OnnxRuntime;
    const { Tokenizer } = require("@huggingface/tokenizers") as Tokenizers;
    // One thread: more would take the cores of the server and of the model that answers.
    const session = await onnx.InferenceSession.create(weights, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
    });
    const json = JSON.parse(await readFile(tokenizer, "utf8"));
    return new Encoder(onnx, session, new Tokenizer(json, {}), maxTokens);
  }

  private constructor(
    onnx: OnnxRuntime,
    session: Session,
    tokenizer: { encode(text: string): { ids: number[] } },
    maxTokens: number,
  ) {
    this.#onnx = onnx;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#maxTokens = maxTokens;
  }

  /** One text at a time: with others beside it, the rounding of an 8-bit model would depend on them. */
  async encode(text: string): Promise<Float32Array> {
    const { ids } = this.#tokenizer.encode(text);
    // The last one marks the end of a text.
    const kept =
      ids.length <= this.#maxTokens ? ids : [...ids.slice(0, this.#maxTokens - 1), ids.at(-1) ?? 0];
    const { length } = kept;
    const tensor = (data: BigInt64Array) => new this.#onnx.Tensor("int64", data, [1, length]);
    const { last_hidden_state: hidden } = await this.#session.run({
      input_ids: tensor(BigInt64Array.from(kept, BigInt)),
      attention_mask: tensor(new BigInt64Array(length).fill(1n)),
      token_type_ids: tensor(new BigInt64Array(length)),
    });
    if (hidden === undefined) throw new Error("The model has no output named last_hidden_state");
    return meanOf(hidden.data, length);
  }
}

/** The mean of the tokens' vectors, with the length 1. */
function meanOf(data: Float32Array, tokens: number): Float32Array {
  const dimensions = data.length / tokens;
  const mean = new Float32Array(dimensions);
  for (let at = 0; at < data.length; at++) {
    const d = at % dimensions;
    mean[d] = (mean[d] ?? 0) + (data[at] ?? 0);
  }
  const norm = Math.hypot(...mean);
  return mean.map((value) => value / norm);
}
