// A server to be killed: prints the process id of the model's process when that loads or answers.
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { basename } from "node:path";
import { cacheFolder } from "@redis-memory-magic/setup/base/cache-folder";
import { createEmbeddedModel } from "./embedded-model.ts";

const [, , modelPath = "", when] = process.argv;
const log = { info() {}, warn() {}, error() {} };
const model = createEmbeddedModel({
  model: modelPath,
  cacheDir: cacheFolder(process.env),
  env: process.env,
  log,
});

let pid: number | undefined;
subscribe("child_process", (message) => {
  const { process: child } = message as { process: ChildProcess };
  child.once("spawn", () => {
    pid = child.pid;
    if (when === "loading") process.send?.(pid);
  });
});

if (when === "loading") {
  await model.prepare?.();
} else {
  let sent = false;
  await model.generate(
    {
      model: basename(modelPath, ".gguf"),
      system: "",
      items: [{ role: "user", content: "Write a long story about a dragon." }],
      contextWindow: 4_096,
      promptTokens: 10,
    },
    {
      text: () => {
        if (!sent) process.send?.(pid);
        sent = true;
      },
      message() {},
      reasoning() {},
      toolCall() {},
      ending() {},
      alive() {},
    },
    new AbortController().signal,
  );
}
