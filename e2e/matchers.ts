import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

interface Within {
  /** In milliseconds; by default as long as the page's other waits. */
  timeout?: number;
}

interface LocatorMatchers<Result> {
  /** Waits until exactly one element matches and is visible. */
  toBeVisible: (within?: Within) => Promise<Result>;
  /** Waits until no matching element is visible. */
  toBeHidden: (within?: Within) => Promise<Result>;
}

declare module "vitest" {
  interface Matchers<R> extends LocatorMatchers<R> {}
}

const DEFAULT_MS = 60_000;
/** How much of the page a failure quotes. */
const QUOTED_CHARS = 1_500;

async function wait(locator: Locator, state: "visible" | "hidden", { timeout = DEFAULT_MS }: Within) {
  try {
    await locator.waitFor({ state, timeout });
    return { pass: true, message: () => `expected ${locator} not to be ${state}` };
  } catch (error) {
    const text = await shownBy(locator.page());
    const reason = error instanceof Error ? error.message : String(error);
    const message = `expected ${locator} to be ${state} within ${timeout} ms\n${reason}\n\nThe page shows:\n${text.slice(0, QUOTED_CHARS)}`;
    return { pass: false, message: () => message };
  }
}

/** The text of the page, what lies above it first. */
async function shownBy(page: Page): Promise<string> {
  try {
    const above = await page.locator("dialog[open], .toast").allInnerTexts();
    return [...above, await page.locator("body").innerText()].join("\n---\n");
  } catch {
    return "(the page is closed)";
  }
}

expect.extend({
  toBeVisible: (locator: Locator, within: Within = {}) => wait(locator, "visible", within),
  toBeHidden: (locator: Locator, within: Within = {}) => wait(locator, "hidden", within),
});
