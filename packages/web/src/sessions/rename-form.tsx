import { useRef, useState } from "react";

const LONGEST_TITLE = 200;

/** Enter keeps the new title, Escape the old one (null). */
export function RenameForm({ title, onDone }: { title: string; onDone: (title: string | null) => void }) {
  const [text, setText] = useState(title);
  const isDone = useRef(false);

  function finish(result: string | null) {
    // Leaving the field by Enter or Escape also blurs it.
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
        aria-label="Session title"
        maxLength={LONGEST_TITLE}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to write here.
        autoFocus
        onFocus={(event) => event.target.select()}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => finish(text)}
        onKeyDown={(event) => event.key === "Escape" && finish(null)}
      />
    </form>
  );
}
