import { useEffect, useRef } from "react";

/** A formula as MathML. Its source is shown until the library is loaded, and if it cannot be parsed. */
export function Formula({ source, raw, isBlock }: { source: string; raw: string; isBlock: boolean }) {
  const target = useRef<HTMLElement>(null);

  useEffect(() => {
    let isWanted = true;
    void import("temml")
      .then(({ default: temml }) => {
        const element = target.current;
        if (!isWanted || element === null) return;
        const formula = document.createElement("span");
        temml.render(source, formula, { displayMode: isBlock, throwOnError: true, trust: false });
        element.replaceChildren(...formula.childNodes);
        element.dataset.rendered = "";
      })
      // The source stays readable.
      .catch(() => {});
    return () => {
      isWanted = false;
    };
  }, [source, isBlock]);

  return (
    <code ref={target} className="math" data-block={isBlock || undefined} dir="ltr" key={raw}>
      {raw.trim()}
    </code>
  );
}
