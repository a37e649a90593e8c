import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { until } from "../../expect.ts";
import { API, ask, chat } from "../../http.ts";
import type { Product } from "../../product.ts";
import { overlay } from "./overlay.ts";

const ANSWERS_WITHIN_MS = 120_000;

/** The model is in the container, and has a memory. */
export async function builtInModel(product: Product): Promise<string> {
  product.configure({ ...overlay("built-in-model") });
  await product.run("docker-compose build", 15 * 60_000);
  await product.run("docker-compose up --no-start", 120_000);
  // What this machine has fetched already need not be fetched again.
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "redis-memory-magic");
  const fetched = existsSync(join(cache, "models", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"));
  if (fetched) {
    const target = "/home/node/.cache/redis-memory-magic";
    const volume = "--volumes-from chat-backend --user 0 --entrypoint sh redis-memory-magic-backend";
    for (const part of ["models", "runtime"]) {
      await product.run(
        `tar -C ${cache} -c ${part} | docker run --rm -i ${volume} -c "mkdir -p ${target} && tar -C ${target} -x && chown -R node:node /home/node/.cache"`,
        300_000,
      );
    }
  }
  await product.up();
  const embedded = async () => {
    const { text } = await ask(`${API}/providers`);
    const providers = JSON.parse(text).providers as { id: string; available: boolean; reason?: string }[];
    return providers.find(({ id }) => id === "embedded");
  };
  if (!fetched) {
    const state = await embedded();
    expect(state?.reason ?? "").toMatch(/being (installed|downloaded)|not downloaded yet/);
    return `not answering: this machine has no copy of the model, and says "${state?.reason}"`;
  }
  await until("the model is ready", async () => (await embedded())?.available === true, ANSWERS_WITHIN_MS);
  const turn = (message: string) => chat(API, "built-in", message, { provider: "embedded" });
  await turn("My name is Bob");
  const { response } = await turn("What is my name?");
  expect(response).toMatch(/Bob/);
  return response;
}
