import { useRef, useState } from "react";
import { t } from "../texts/texts.ts";
import { isComposing } from "../ui/is-composing.ts";

const LONGEST_TITLE = 200;

/** Edits a title. Enter or leaving the field saves it, Escape cancels (null). */
export function RenameForm({ title, onDone }: { title: string; onDone: (title: string | null) => void }) {
  const [text, setText] = useState(title);
  const isDone = useRef(false);

  function finish(result: string | null) {
    // Enter and Escape also blur the field.
    if (isDone.current) return;
    isDone.current = true;
    onDone(result === null || result.trim() === title ? null : result.trim());
  }

  return (
    <form
      className="rename"
      onSubmit={(event) => {
        event.preventDefault();
        finish(text);
      }}
    >
      <input
        aria-label={t.sessions.title}
        maxLength={LONGEST_TITLE}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: the user has just asked to edit.
        autoFocus
        onFocus={(event) => event.target.select()}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => finish(text)}
        onKeyDown={(event) => event.key === "Escape" && !isComposing(event.nativeEvent) && finish(null)}
      />
    </form>
  );
}
