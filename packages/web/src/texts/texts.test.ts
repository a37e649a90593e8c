import { afterEach, expect, test } from "vitest";
import { english } from "./english.ts";
import { englishLater } from "./english-later.ts";
import { formatBytes, formatClock, formatCost, formatCount, formatDuration } from "./format.ts";
import { german } from "./german.ts";
import { languageFor } from "./locale.ts";
import { loadTexts, t } from "./texts.ts";

afterEach(() => loadTexts("en"));

const ALL_ENGLISH = { ...english, ...englishLater };

/** The path and the kind of each text: "composer.sends (2 parameters)". */
const entriesOf = (table: object, path = ""): string[] =>
  Object.entries(table).flatMap(([key, value]: [string, unknown]) => {
    const at = `${path}${key}`;
    if (typeof value === "function") return [`${at} (${value.length} parameters)`];
    return typeof value === "object" && value !== null ? entriesOf(value, `${at}.`) : [at];
  });

test("has the same texts in every language", () => {
  expect(entriesOf(german).toSorted()).toEqual(entriesOf(ALL_ENGLISH).toSorted());
});

test("leaves no text empty in one language only", () => {
  const emptyIn = (table: object) =>
    Object.entries(table).flatMap(([key, value]: [string, unknown]): string[] =>
      value === "" ? [key] : typeof value === "object" && value !== null ? emptyIn(value) : [],
    );
  expect(emptyIn(german)).toEqual(emptyIn(ALL_ENGLISH));
});

test("formats numbers in the language of the texts", async () => {
  await loadTexts("de");
  expect(t.common.messages(1)).toBe("1 Nachricht");
  expect(t.common.messages(4096)).toBe("4.096 Nachrichten");
  expect(formatCount(4096)).toBe("4.096");
  expect(formatCost(1.2)).toBe("1,20\u00a0$");
  expect(formatDuration(400)).toBe("0,4 s");
  expect(formatBytes(1_400)).toBe("1,4 kB");
  expect(formatClock(6 * 86_400)).toBe("6 Tage");
});

test("takes the first language of the browser that there is a table for", () => {
  expect(languageFor(["fr-FR", "de-AT", "en"])).toBe("de");
  expect(languageFor(["en-GB", "de"])).toBe("en");
  expect(languageFor(["ja", "constructor"])).toBe("en");
  expect(languageFor([])).toBe("en");
});

test("says what sending does", () => {
  expect(t.composer.sends(1, 0)).toBe("Sends only this message");
  expect(t.composer.sends(5, 0)).toBe("Sends these 5 messages");
  expect(t.composer.sends(1, 2)).toBe("Sends this message and 2 recalled");
});
