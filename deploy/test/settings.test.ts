import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** What Compose decides by itself: addresses and ports inside its network, and files that an overlay mounts. */
const NOT_PASSED_ON = [
  "HOST",
  "PORT",
  "WEB_PORT",
  "REDIS_PORT",
  "REDIS_PASSWORD",
  "REDIS_URL",
  "LIMITS_FILE",
];

test("every setting of .env.example reaches the backend's container", () => {
  const settings = [...read(".env.example").matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name = ""]) => name);
  const expected = new Set(
    settings.filter((name) => !name.endsWith("_FILE") && !NOT_PASSED_ON.includes(name)),
  );
  const environment = read("deploy/backend/service.yml").split("environment:")[1] ?? "";
  const passedOn = [...environment.matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name = ""]) => name);
  expect(passedOn.sort()).toEqual([...expected].sort());
});
