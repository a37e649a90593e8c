export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

/** For numbers and dates. English is the same everywhere, so that "4,096" is. */
const LOCALES: Record<Language, string> = { en: "en-US", de: "de-DE" };

/** The language that the page is shown in. */
export let language: Language = "en";
export let locale = LOCALES.en;

export function setLanguage(next: Language): void {
  language = next;
  locale = LOCALES[next];
}

/** Returns the first of the wanted languages ("de-AT", "en") that the page has. */
export function languageFor(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [name = ""] = tag.toLowerCase().split("-");
    if (Object.hasOwn(LANGUAGES, name)) return name as Language;
  }
  return "en";
}

/** The browser's own way to write dates, if it is in the page's language. */
export const dateLocale = (): string => navigator.languages.find((tag) => tag.startsWith(language)) ?? locale;
