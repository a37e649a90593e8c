import { useRef } from "react";
import { Block } from "./block.tsx";
import { type Blocks, parseBlocks } from "./blocks.ts";
import "./markdown.css";
import { settleTail } from "./settle-tail.ts";
import { widenFences } from "./widen-fences.ts";

interface MarkdownProps {
  source: string;
  /** True while more text is coming. */
  streaming: boolean;
}

/**
 * Renders Markdown as React elements, never as HTML: there is nothing to sanitise, and a growing text changes only
 * at its end, so that nothing flickers, jumps or loses a selection while an answer streams.
 */
export function Markdown({ source, streaming }: MarkdownProps) {
  const before = useRef<Blocks>(undefined);
  const text = widenFences(source.replace(/\r\n?/g, "\n"), !streaming);
  const blocks = streaming ? parseBlocks(settled(text, before.current), before.current) : parseBlocks(text);
  before.current = blocks;
  return (
    <div className="markdown">
      {[...blocks.settled, ...blocks.tail].map((token, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end, so the index is stable.
        <Block key={index} token={token} />
      ))}
    </div>
  );
}

/** Completes a streaming text. What is settled needs nothing, so that a long answer costs no more than a short one. */
function settled(
  text: string,
  { settledSource }: Blocks = { settledSource: "", settled: [], tail: [] },
): string {
  if (!text.startsWith(settledSource)) return settleTail(text);
  return settledSource + settleTail(text.slice(settledSource.length));
}
