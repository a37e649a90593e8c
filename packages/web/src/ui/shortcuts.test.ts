import { expect, test } from "vitest";
import { keyOf, shortcutOf } from "./shortcuts.ts";

const press = (code: string, held: { altKey?: boolean; ctrlKey?: boolean; metaKey?: boolean }) =>
  shortcutOf({ altKey: false, ctrlKey: false, metaKey: false, code, ...held });

test("Alt and a key, and nothing else held", () => {
  expect(press("KeyM", { altKey: true })).toBe("KeyM");
  expect(press("KeyM", {})).toBeNull();
  // AltGr writes characters on many keyboards, and is Ctrl and Alt to the page.
  expect(press("KeyM", { altKey: true, ctrlKey: true })).toBeNull();
  expect(press("KeyQ", { altKey: true })).toBeNull();
  expect(press("constructor", { altKey: true })).toBeNull();
});

test("its name", () => expect(keyOf("KeyM")).toBe("Alt M"));
