import { LANGUAGES, type Language, languageFor } from "../texts/locale.ts";
import { readStored, writeStored } from "./browser-storage.ts";

const STORED = "language";

/** Returns the language that the user has set for the page; null: the browser's. */
export function chosenLanguage(): Language | null {
  const stored = readStored(STORED);
  return stored !== null && Object.hasOwn(LANGUAGES, stored) ? (stored as Language) : null;
}

export const wantedLanguage = (): Language => chosenLanguage() ?? languageFor(navigator.languages);

/** Sets the page's language and starts the page again: each text is read once. */
export function chooseLanguage(language: Language | null): void {
  writeStored(STORED, language);
  location.reload();
}
