import type { GrammarState, HighlighterCore } from "shiki/core";

/** Highlighted languages, each loaded on first use, with the names and aliases used in fences. */
const LANGUAGES = {
  bash: () => import("shiki/langs/bash.mjs"),
  c: () => import("shiki/langs/c.mjs"),
  cpp: () => import("shiki/langs/cpp.mjs"),
  csharp: () => import("shiki/langs/csharp.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
  docker: () => import("shiki/langs/docker.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  jsx: () => import("shiki/langs/jsx.mjs"),
  kotlin: () => import("shiki/langs/kotlin.mjs"),
  lua: () => import("shiki/langs/lua.mjs"),
  markdown: () => import("shiki/langs/markdown.mjs"),
  php: () => import("shiki/langs/php.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  ruby: () => import("shiki/langs/ruby.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  swift: () => import("shiki/langs/swift.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  xml: () => import("shiki/langs/xml.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};
type Language = keyof typeof LANGUAGES;

const ALIASES: Readonly<Record<string, Language>> = {
  "c#": "csharp",
  "c++": "cpp",
  cjs: "javascript",
  console: "bash",
  cs: "csharp",
  dockerfile: "docker",
  js: "javascript",
  jsonc: "json",
  kt: "kotlin",
  md: "markdown",
  mjs: "javascript",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  svg: "xml",
  ts: "typescript",
  yml: "yaml",
  zsh: "bash",
};

const THEME = "classes";
const VARIABLE = "--code-";
/** Longer lines are not highlighted: they are data, and would block the page. */
const LONGEST_LINE = 2_000;

/** A piece of code and its class: `keyword`, `string`, `comment`, …; "" for plain text. */
export interface CodeToken {
  readonly text: string;
  readonly kind: string;
}
export type CodeLine = readonly CodeToken[];

export function languageOf(name: string): Language | null {
  const lower = name.trim().toLowerCase();
  if (Object.hasOwn(LANGUAGES, lower)) return lower as Language;
  return Object.hasOwn(ALIASES, lower) ? (ALIASES[lower] ?? null) : null;
}

let core: Promise<HighlighterCore> | null = null;

async function makeCore(): Promise<HighlighterCore> {
  const [{ createCssVariablesTheme, createHighlighterCore }, { createJavaScriptRegexEngine }] =
    await Promise.all([import("shiki/core"), import("shiki/engine/javascript")]);
  return createHighlighterCore({
    themes: [createCssVariablesTheme({ name: THEME, variablePrefix: VARIABLE })],
    langs: [],
    // Not the WebAssembly engine, which the Content-Security-Policy would have to allow.
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
}

export async function loadHighlighter(language: Language): Promise<LineHighlighter> {
  core ??= makeCore();
  const highlighter = await core;
  if (!highlighter.getLoadedLanguages().includes(language))
    await highlighter.loadLanguage(LANGUAGES[language]());
  return new LineHighlighter(highlighter, language);
}

/** Highlights code that grows: each complete line is highlighted once. */
export class LineHighlighter {
  readonly #core: HighlighterCore;
  readonly #language: Language;
  #done = "";
  #lines: CodeLine[] = [];
  #state: GrammarState | undefined;

  constructor(core: HighlighterCore, language: Language) {
    this.#core = core;
    this.#language = language;
  }

  lines(code: string): readonly CodeLine[] {
    if (!code.startsWith(this.#done)) {
      this.#done = "";
      this.#lines = [];
      this.#state = undefined;
    }
    const rest = code.slice(this.#done.length);
    const end = rest.lastIndexOf("\n");
    if (end >= 0) {
      const whole = this.#tokenize(rest.slice(0, end));
      this.#lines = [...this.#lines, ...whole.lines];
      this.#state = whole.state;
      this.#done += rest.slice(0, end + 1);
    }
    return [...this.#lines, ...this.#tokenize(rest.slice(end + 1)).lines];
  }

  #tokenize(code: string): { lines: CodeLine[]; state: GrammarState | undefined } {
    const { tokens, grammarState } = this.#core.codeToTokens(code, {
      lang: this.#language,
      theme: THEME,
      tokenizeMaxLineLength: LONGEST_LINE,
      ...(this.#state && { grammarState: this.#state }),
    });
    const lines = tokens.map((line) =>
      line.map(({ content, color }) => ({ text: content, kind: kindOf(color) })),
    );
    return { lines, state: grammarState };
  }
}

/** "var(--code-token-string-expression)" → "string-expression". */
function kindOf(color: string | undefined): string {
  return /--code-token-([\w-]+)\)/.exec(color ?? "")?.[1] ?? "";
}
