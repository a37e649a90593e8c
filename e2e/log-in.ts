import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Logs in through the pages of the identity provider. */
export async function logInAs(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: "Log in" }).click();
  await page.locator("[name=login]").fill(name);
  await page.locator("[name=password]").fill("any");
  await page.getByRole("button", { name: /sign.?in/i }).click();
  await page.getByRole("button", { name: /continue/i }).click();
  await expect(page.getByText(name, { exact: true })).toBeVisible();
}
