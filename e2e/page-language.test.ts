import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { english } from "../packages/web/src/texts/english.ts";
import { englishLater } from "../packages/web/src/texts/english-later.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** English texts of several words: a single one ("Session", "System") can be the other language's too. */
const sentencesOf = (table: object): string[] =>
  Object.values(table).flatMap((value: unknown) =>
    typeof value === "string"
      ? value.includes(" ") && value.length > 8
        ? [value]
        : []
      : typeof value === "object" && value !== null
        ? sentencesOf(value)
        : [],
  );
const ENGLISH = sentencesOf({ english, englishLater });

/** All that is seen, and all that is read aloud. */
const textsOf = (page: Page): Promise<string> =>
  page.evaluate(`[
    document.body.innerText,
    ...[...document.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((element) =>
      ["aria-label", "title", "placeholder"].map((name) => element.getAttribute(name) ?? ""),
    ),
  ].join("\\n")`);

const languageOf = (page: Page) => page.locator("html").getAttribute("lang");

async function expectNoEnglish(page: Page, state: string): Promise<void> {
  const texts = await textsOf(page);
  expect(
    ENGLISH.filter((sentence) => texts.includes(sentence)),
    state,
  ).toEqual([]);
}

test("speaks German to a German browser, everywhere, and loads English for no other", async () => {
  const page = await stack.open({ locale: "de-AT", viewport: { width: 1440, height: 900 } });
  await expect(page.getByRole("heading", { name: "Ein Modell weiß, was ihm gesendet wird." })).toBeVisible();
  await expect.poll(() => languageOf(page)).toBe("de");
  await expectNoEnglish(page, "empty");

  await page.getByRole("radiogroup", { name: "Gedächtnis" }).getByRole("radio", { name: "An" }).check({
    force: true,
  });
  await page
    .getByRole("radiogroup", { name: "Anbieter" })
    .getByRole("radio", { name: /^Mirror/ })
    .check({
      force: true,
    });
  await page.getByRole("textbox", { name: "Nachricht" }).fill("Ich heiße Bob");
  await page.getByRole("button", { name: "Senden" }).click();
  await page.getByRole("button", { name: /Röntgenblick: 1 Nachricht gesendet/ }).click();
  await expect(page.getByText("Zeit bis zum ersten Wort")).toBeVisible();
  await expectNoEnglish(page, "answered, with the inspector");

  await page.getByRole("button", { name: /Jetzt fragen: „Wie heiße ich\?“/ }).click();
  await page.getByRole("button", { name: /Röntgenblick: 3 Nachrichten gesendet/ }).waitFor();
  await page.getByRole("button", { name: "Dieselbe Frage ohne Gedächtnis" }).last().click();
  await expect(page.getByText(/^Der einzige Unterschied/)).toBeVisible();
  await expectNoEnglish(page, "the same question");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Tastenkürzel" }).click();
  await expectNoEnglish(page, "shortcuts");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: /Befehle suchen$/ }).fill("nirgends");
  await expect(page.getByText(/^Keine Nachricht enthält diese Wörter/)).toBeVisible();
  await expectNoEnglish(page, "search");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Rundgang" }).click();
  await page.getByRole("button", { name: "„Ich heiße Alice“ senden" }).click();
  await page.getByRole("button", { name: "Weiter" }).waitFor();
  await expectNoEnglish(page, "tour");
  await page.getByRole("button", { name: "Den Rundgang verlassen" }).click();
  await page.getByRole("button", { name: "Nebeneinander" }).click();
  await page.getByRole("heading", { name: "Nebeneinander" }).waitFor();
  await expectNoEnglish(page, "side by side");
});

test("offers the next step within the window of a telephone", async () => {
  const page = await stack.open({ locale: "de-DE", viewport: { width: 360, height: 800 } });
  await page.getByText("Meine Katze heißt Miso").click();
  await page.getByRole("radio", { name: /^Mirror/ }).check({ force: true });
  for (const label of ["Senden", /^Weiter: /]) await page.getByRole("button", { name: label }).click();
  const step = page.getByRole("button", { name: "Jetzt fragen: „Wie heißt meine Katze?“" });
  await expect(step).toBeVisible();
  const [text, box] = (await page.evaluate(`(() => {
    const button = document.querySelector(".next-step button");
    const range = document.createRange();
    range.selectNodeContents(button);
    return [range, button].map((it) => it.getBoundingClientRect()).map(({ left, right }) => ({ left, right }));
  })()`)) as { left: number; right: number }[];
  expect(text?.left).toBeGreaterThan((box?.left ?? 0) + 8);
  expect(text?.right).toBeLessThan((box?.right ?? 0) - 8);
});

test("can be set to another language, which stays, and back to the browser's", async () => {
  const page = await stack.open({ locale: "fr-FR", viewport: { width: 1440, height: 900 } });
  await expect(page.getByRole("button", { name: "New session" })).toBeVisible();
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(request.url()));

  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("combobox", { name: "Language" }).selectOption("de");
  await expect(page.getByRole("button", { name: "Neue Sitzung" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Neue Sitzung" })).toBeVisible();
  expect(loaded.some((url) => url.includes("/german-"))).toBe(true);

  loaded.length = 0;
  await page.getByRole("button", { name: "Einstellungen" }).click();
  await page.getByRole("combobox", { name: "Sprache" }).selectOption("");
  await expect(page.getByRole("button", { name: "New session" })).toBeVisible();
  expect(loaded.some((url) => url.includes("/german-"))).toBe(false);
});

test("stays English if the table of a language cannot be loaded", async () => {
  const page = await stack.open({ locale: "de-DE" });
  await page.route("**/german-*.js", (route) => route.abort());
  await page.reload();
  await expect(page.getByRole("heading", { name: english.scenarios.title })).toBeVisible();
  await expect.poll(() => languageOf(page)).toBe("en");
});
