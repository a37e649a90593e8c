import { expect, test } from "vitest";
import { keyOf, shortcutOf } from "./shortcuts.ts";

const press = (code: string, held: { altKey?: boolean; ctrlKey?: boolean; metaKey?: boolean }) =>
  shortcutOf({ altKey: false, ctrlKey: false, metaKey: false, code, ...held });

test("recognises Alt with a key and no other modifier", () => {
  expect(press("KeyM", { altKey: true })).toBe("KeyM");
  expect(press("KeyM", {})).toBeNull();
  // AltGr writes characters on many keyboards, and browsers report it as Ctrl with Alt.
  expect(press("KeyM", { altKey: true, ctrlKey: true })).toBeNull();
  expect(press("KeyQ", { altKey: true })).toBeNull();
  expect(press("constructor", { altKey: true })).toBeNull();
});

test("names a shortcut", () => expect(keyOf("KeyM")).toBe("Alt M"));
