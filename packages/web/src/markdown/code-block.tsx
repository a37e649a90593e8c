import { memo, useEffect, useState } from "react";
import { t } from "../texts/later.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import "./code-block.css";
import type { CodeLine, LineHighlighter } from "./highlighter.ts";

/** A code block with its language, a copy button, and highlighting once the highlighter is loaded. */
export function CodeBlock({ code, language }: { code: string; language: string }) {
  const name = language.trim().split(/\s/)[0] ?? "";
  const lines = useHighlight(code, name);
  return (
    <figure className="code" dir="ltr">
      <figcaption className="code-head">
        <span>{name || "text"}</span>
        <CopyButton text={code} label={t.markdown.copyCode} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <pre tabIndex={0}>
        <code>
          {lines === null
            ? code
            : lines.map((line, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a line's number is stable.
                <Line key={index} line={line} isLast={index === lines.length - 1} />
              ))}
        </code>
      </pre>
    </figure>
  );
}

const Line = memo(function Line({ line, isLast }: { line: CodeLine; isLast: boolean }) {
  return (
    <>
      {line.map(({ text, kind }, index) =>
        kind === "" ? (
          text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no other name.
          <span key={index} className={`code-${kind}`}>
            {text}
          </span>
        ),
      )}
      {!isLast && "\n"}
    </>
  );
});

/** null: not highlighted, because the language is unknown or not loaded yet. */
function useHighlight(code: string, language: string): readonly CodeLine[] | null {
  const [highlighter, setHighlighter] = useState<LineHighlighter | null>(null);

  useEffect(() => {
    let isWanted = true;
    loadHighlighterOf(language).then(
      (loaded) => isWanted && setHighlighter(loaded),
      // The code stays readable without highlighting.
      () => {},
    );
    return () => {
      isWanted = false;
      setHighlighter(null);
    };
  }, [language]);

  return highlighter === null ? null : highlighter.lines(code);
}

/** Loads the highlighter with the first code that has a language. */
async function loadHighlighterOf(name: string): Promise<LineHighlighter | null> {
  if (name === "") return null;
  const { languageOf, loadHighlighter } = await import("./highlighter.ts");
  const language = languageOf(name);
  return language === null ? null : loadHighlighter(language);
}
