import type { EmbeddingUse } from "../../chat/built-in-embedding.ts";
import type { ModelState } from "../embedded/process/model-child.ts";

/** Messages from the server to the model's process. */
export type ToChild =
  | {
      readonly type: "embed";
      readonly id: number;
      readonly text: string;
      readonly purpose: EmbeddingUse;
    }
  | { readonly type: "cancel"; readonly id: number };

/** Messages from the model's process to the server. */
export type FromChild =
  | ModelState
  | { readonly type: "embedded"; readonly id: number; readonly vector: Float32Array }
  | { readonly type: "failed"; readonly id: number; readonly reason: string };
