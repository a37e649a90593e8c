import { english, type FirstTexts } from "./english.ts";
import { type Language, setLanguage } from "./locale.ts";

const TABLES: Record<Language, () => Promise<FirstTexts>> = {
  en: async () => english,
  de: async () => (await import("./german.ts")).german,
};

/**
 * The texts of the page's language that the first load needs; ./later.ts has all. Read them where they are shown, not while a module loads: the table of another
 * language arrives before the first render.
 */
export let t: FirstTexts = english;

/** Loads a language's table. Without the network the page stays English. */
export async function loadTexts(language: Language): Promise<void> {
  const table = await TABLES[language]().catch(() => null);
  if (table === null) return;
  t = table;
  setLanguage(language);
}
