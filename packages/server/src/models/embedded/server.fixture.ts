// A server that is killed: tells its test the pid of the model's process when that loads or answers.
import { execFileSync } from "node:child_process";
import { basename } from "node:path";
import { createEmbeddedModel } from "./embedded-model.ts";
import { cacheFolder } from "./setup/cache-folder.ts";

const [, , modelPath = "", when] = process.argv;
const log = { info() {}, warn() {}, error() {} };
const model = createEmbeddedModel({
  model: modelPath,
  cacheDir: cacheFolder(process.env),
  env: process.env,
  log,
});

const tellPid = () => {
  const children = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
  const child = children.split("\n").find((line) => {
    const [, parent] = line.trim().split(/\s+/);
    return parent === String(process.pid) && line.includes("child.ts");
  });
  if (child !== undefined) process.send?.(Number.parseInt(child, 10));
  return child !== undefined;
};

if (when === "loading") {
  void model.prepare?.();
  const timer = setInterval(() => tellPid() && clearInterval(timer), 20);
} else {
  let untold = true;
  await model.generate(
    {
      model: basename(modelPath, ".gguf"),
      system: "",
      messages: [{ role: "user", content: "Write a long story about a dragon." }],
      contextWindow: 4_096,
    },
    {
      text: () => {
        if (untold) untold = !tellPid();
      },
      thinking() {},
    },
    new AbortController().signal,
  );
}
