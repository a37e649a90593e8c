import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stack, startStack } from "./stack.ts";

const run = promisify(execFile);
const hasCurl = await run("sh", ["-c", "curl --version"]).then(
  () => true,
  () => false,
);

let stack: Stack;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "api-guide-"));
  // The guide's server has no provider but the mirror. Nothing listens on port 9.
  stack = await startStack({ OPENAI_API_KEY: "", OLLAMA_BASE_URL: "http://127.0.0.1:9/v1" });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stack.stop();
});

test("tries out a route in /docs under its Content-Security-Policy", async () => {
  const page = await stack.open();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => {
    if (request.url().startsWith(stack.api)) complaints.push(`${request.url()} failed`);
  });
  await page.addInitScript(
    `document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error("blocked: " + blockedURI + " by " + violatedDirective))`,
  );
  const answer = await page.goto(`${stack.api}/docs`);
  const policy = answer?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src 'none'; script-src 'self';");

  const route = page.locator(".opblock", { hasText: "/health/live" });
  await route.locator(".opblock-summary").click();
  await route.getByRole("button", { name: "Try it out" }).click();
  await route.getByRole("button", { name: "Execute" }).click();
  await expect(route.locator(".live-responses-table").getByText('"ok"')).toBeVisible();
  expect(complaints).toEqual([]);
});

test.skipIf(!hasCurl)(
  "the commands of docs/reference/api.md, run in their order, answer what is written there",
  async () => {
    const examples = examplesOf(readFileSync(new URL("../docs/reference/api.md", import.meta.url), "utf8"));
    expect(examples.length).toBeGreaterThan(20);
    // What the guide calls a turn, and what it is called here.
    const turns = new Map<string, string>();
    for (const { command, answer } of examples) {
      const here = [...turns].reduce((text, [written, real]) => text.replaceAll(written, real), command);
      const { stdout } = await run("sh", ["-c", here.replaceAll("http://localhost:9090", stack.api)], {
        cwd: folder,
        timeout: 10_000,
      });
      expect(withoutWhatVaries(stdout), command).toMatch(patternOf(answer));
      const [written, real] = [answer, stdout].map((text) => /"turn_id":"(\w+)"/.exec(text)?.[1]);
      if (written && real) turns.set(written, real);
    }
  },
);

test.skipIf(!hasCurl)("the request of README.md is answered as it is written there", async () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, command = "", answer] = /```bash\n(curl [\s\S]*?)```\n```json\n(.*)\n```/.exec(readme) ?? [];
  const { stdout } = await run("sh", ["-c", command.replaceAll("http://localhost:9090", stack.api)]);
  expect(withoutWhatVaries(stdout)).toBe(withoutWhatVaries(answer ?? ""));
});

/** Each `$ command` of the guide, with the lines that follow it. */
function examplesOf(guide: string): { command: string; answer: string }[] {
  const blocks = [...guide.matchAll(/^```\n(\$ [\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((example) => {
      const [command = "", ...answer] = example.replaceAll(/ \\\n */g, " ").split("\n");
      return { command, answer: answer.join("\n") };
    });
}

/** What differs with each run: where a stream is cut into pieces, ids, times, lives, and sizes in memory. */
const withoutWhatVaries = (text: string): string =>
  text
    .trim()
    .replaceAll(/(id: \d+\nevent: text-delta\ndata: .*\n\n(…\n\n)?)+/g, "(text)\n\n")
    .replaceAll(/\b[0-9a-f]{16}\b/g, "(id)")
    .replaceAll(/\b[0-9a-f]{8}(?=-\d+")/g, "(epoch)")
    .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+(?=Z| UTC)/g, "(time)")
    .replaceAll(/"(\w+_ms|bytes|ttl_seconds)":\d+/g, '"$1":(number)')
    .replaceAll(/"\d{13}:/g, '"(time):');

/** `…` stands for anything. */
const patternOf = (answer: string): RegExp =>
  new RegExp(`^${withoutWhatVaries(answer).split("…").map(RegExp.escape).join("[\\s\\S]*")}$`);
