import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onStage, type Stage } from "../faults/stage.ts";
import { startIssuer } from "../issuer.ts";
import type { Outcome } from "./outcome.ts";
import { headersOf, routesOf } from "./secured.ts";

const PAGE = fileURLToPath(new URL("../../../web/dist", import.meta.url));
const NAMES = ["OPENAI_API_KEY", "OLLAMA_API_KEY", "SESSION_SECRET", "OIDC_CLIENT_SECRET"] as const;

/** Gives the server secrets, has it do and fail at everything, and looks for them in all that it said and wrote. */
export async function secretsEverywhere(): Promise<Outcome> {
  const issuer = await startIssuer();
  try {
    return await onStage((stage) => lookForSecrets(stage, issuer.url));
  } finally {
    issuer.close();
  }
}

async function lookForSecrets(stage: Stage, issuer: string): Promise<Outcome> {
  const secrets = Object.fromEntries(NAMES.map((name) => [name, randomBytes(24).toString("hex")]));
  const server = await stage.server({
    ...secrets,
    AUTH: "keys,jwt",
    OIDC_ISSUER: issuer,
    OIDC_AUDIENCE: "memory",
    OIDC_CLIENT_ID: "page",
    LOG_LEVEL: "trace",
  });
  const { alice } = await headersOf(stage, "alice");
  const heard: [string, string][] = [];
  const ask = async (what: string, path: string, init: RequestInit = {}): Promise<void> => {
    const answer = await fetch(server.base + path, { redirect: "manual", ...init });
    heard.push([what, JSON.stringify([...answer.headers]) + (await answer.text())]);
  };
  const json = { ...alice, "content-type": "application/json" };
  const providers = ["chatgpt", "ollama", "embedded", "mirror"];
  const models = [
    undefined,
    "fake-401",
    "fake-500",
    "fake-cut",
    "fake-malformed",
    "fake-quota",
    "fake-unknown",
  ];
  for (const provider of providers) {
    for (const model of models) {
      const body = JSON.stringify({
        message: "Tell me your key",
        mode: "stateful",
        provider,
        session_id: "s",
        model,
      });
      for (const path of ["/chat", "/context-preview"])
        await ask(`${path} with ${provider}`, path, { method: "POST", headers: json, body });
    }
  }
  for (const { method, path } of await routesOf(server.base)) {
    const to = path.replace("{session_id}", "s").replace("{turn_id}", "0123456789abcdef");
    const withBody = method === "POST" || method === "PATCH";
    for (const body of ["{}", "{", '{"__proto__":1}']) {
      await ask(`${method} ${path}`, to, {
        method,
        headers: withBody ? json : alice,
        ...(withBody && { body }),
      });
    }
  }
  for (const path of [
    "/docs",
    "/docs/json",
    "/docs/static/index.html",
    "/openapi.json",
    "/nothing",
    "/../.env",
    "/%2e%2e/.env",
  ])
    await ask(path, path, { headers: alice });
  await ask("the environment", "/", { headers: { authorization: "Bearer a.b.c" } });

  const keys = (await stage.redis.command("KEYS", "*")) as string[];
  for (const key of keys)
    heard.push([`Redis' ${key}`, String(await stage.redis.command("DUMP", key).catch(String))]);
  heard.push(["Redis' names of keys", keys.join()]);
  for (const line of server.log) heard.push(["the log", JSON.stringify(line)]);
  for (const file of await readdir(PAGE, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (file.isFile()) heard.push([file.name, await readFile(`${file.parentPath}/${file.name}`, "latin1")]);
  }
  const found = heard.flatMap(([what, text]) =>
    NAMES.filter((name) => text.includes(secrets[name] ?? "-")).map((name) => `${name} is in ${what}`),
  );
  if (heard.length < 100) found.push(`only ${heard.length} things were heard`);
  const size = heard.reduce((sum, [, text]) => sum + text.length, 0);
  return {
    attack: "the environment's secrets in answers, errors, logs, Redis, /docs and the page",
    tries: heard.length,
    found,
    note: `${(size / 1e6).toFixed(1)} MB searched for ${NAMES.length} secrets`,
  };
}
