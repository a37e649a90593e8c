import { useEffect, useState } from "react";

const QUIET_MS = 600;

interface LiveRegionProps {
  text: string;
  /** True for failures: interrupts what is being read. */
  isUrgent?: boolean;
}

/** Announces `text` to screen readers once it has not changed for a moment. The initial text is not announced. */
export function LiveRegion({ text, isUrgent = false }: LiveRegionProps) {
  const [announced, setAnnounced] = useState("");
  const [initial] = useState(text);

  useEffect(() => {
    if (text === initial && announced === "") return;
    const timer = setTimeout(() => setAnnounced(text), QUIET_MS);
    return () => clearTimeout(timer);
  }, [text, initial, announced]);

  return (
    <div className="visually-hidden" aria-live={isUrgent ? "assertive" : "polite"}>
      {announced}
    </div>
  );
}
