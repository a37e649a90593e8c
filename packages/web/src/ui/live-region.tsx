import { useEffect, useState } from "react";

const CALM_MS = 600;

/** Says `words` to screen readers when they have stayed the same for a moment. What is there at first is not news. */
export function LiveRegion({ words }: { words: string }) {
  const [said, setSaid] = useState("");
  const [first] = useState(words);

  useEffect(() => {
    if (words === first && said === "") return;
    const timer = setTimeout(() => setSaid(words), CALM_MS);
    return () => clearTimeout(timer);
  }, [words, first, said]);

  return (
    <div className="visually-hidden" aria-live="polite">
      {said}
    </div>
  );
}
