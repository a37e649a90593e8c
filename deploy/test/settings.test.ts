import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FORMER_NAMES } from "../../packages/server/src/config/config.ts";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** What Compose decides by itself, such as ports inside its network, and what is for Compose and not for the server. */
const NOT_PASSED_ON = [
  "HOST",
  "PORT",
  "REDIS_PORT",
  "BACKEND_REDIS_URL",
  "COMPOSE_FILE",
  "COMPOSE_PATH_SEPARATOR",
  "REDIS_MASTER",
  "TLS_CERTIFICATES",
  "PUBLISH_ADDRESS",
];

test("every setting of .env.example reaches the backend's container, and so do the former names", () => {
  const settings = [...read(".env.example").matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
  const expected = new Set([
    ...settings.filter((name) => !NOT_PASSED_ON.includes(name)),
    ...Object.keys(FORMER_NAMES),
  ]);
  const environment = read("deploy/backend/service.yml").split("environment:")[1] ?? "";
  const passedOn = [...environment.matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name = ""]) => name);
  expect(new Set(passedOn)).toEqual(expected);
});

test("the ports that troubleshooting suggests are published by nothing else of ours", () => {
  const overlays = readdirSync(new URL("../", import.meta.url)).filter((name) => name.endsWith(".yml"));
  const files = ["docker-compose.yml", ...overlays.map((name) => `deploy/${name}`)].map(read).join("\n");
  const published = [...files.matchAll(/(?::-|127\.0\.0\.1:)(\d+)\}?:\d+"/g)].map(([, port]) => port);
  expect(published).toEqual(expect.arrayContaining(["3000", "9090", "6379", "3001", "9091"]));
  const suggested = [
    ...read("docs/operate/troubleshooting.md").matchAll(/^(?:WEB_|REDIS_)?PORT=(\d+)$/gm),
  ].map(([, port]) => port);
  expect(suggested).toHaveLength(3);
  expect(suggested.filter((port) => published.includes(port))).toEqual([]);
});
