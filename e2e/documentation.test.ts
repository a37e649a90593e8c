import { afterAll, beforeAll, expect, test } from "vitest";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

test("/docs works under its Content-Security-Policy: a route is tried out, and nothing is blocked", async () => {
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
  await route.locator(".live-responses-table").getByText('"ok"').waitFor();
  expect(complaints).toEqual([]);
});
