import type { ContextReport } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { formatCount, plural } from "../ui/format.ts";

/** Number of messages shown at each end; those between are folded. */
const ENDS = 20;

const REASONS: Record<ContextReport["left_out"][number]["reason"], string> = {
  stateless: "memory is off",
  window: "no room in the window",
};

interface PayloadBlocksProps {
  report: ContextReport;
  tense: "stay" | "stayed";
  /** True while the draft is empty: the last block is a placeholder for it. */
  isLastOpen: boolean;
}

/** The payload, message by message, in the order in which the model reads it. */
export function PayloadBlocks({ report, tense, isLastOpen }: PayloadBlocksProps) {
  const [isUnfolded, setIsUnfolded] = useState(false);
  const { messages, left_out, intact, tokens } = report;
  const isFolded = !isUnfolded && messages.length > 2 * ENDS + 1;
  const blocks = messages.map((message, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: messages of a payload have no other key.
    <PayloadBlock key={index} message={message} isOpen={isLastOpen && index === messages.length - 1} />
  ));
  return (
    <section className="blocks" aria-label="Messages sent">
      {left_out.map(({ reason, messages: count }) => (
        <p key={reason} className="block-left-out">
          {plural(count, "message")} {count === 1 ? tense.replace(/^stay$/, "stays") : tense} in Redis:{" "}
          {REASONS[reason]}
        </p>
      ))}
      {!intact && (
        <p className="block-left-out">Some of what was sent has been dropped from the session since.</p>
      )}
      {isFolded ? blocks.slice(0, ENDS) : blocks}
      {isFolded && (
        <>
          <button type="button" className="button button-small" onClick={() => setIsUnfolded(true)}>
            Show {formatCount(messages.length - 2 * ENDS)} more between
          </button>
          {blocks.slice(-ENDS)}
        </>
      )}
      <p className="blocks-sum figures">
        Together {tokens.estimated && "about "}
        {plural(tokens.counted, "token")}
      </p>
    </section>
  );
}

/** Longer contents are clamped. */
const LONG_CHARS = 200;

interface PayloadBlockProps {
  message: ContextReport["messages"][number];
  isOpen: boolean;
}

function PayloadBlock({ message: { role, content, tokens }, isOpen }: PayloadBlockProps) {
  const [isWhole, setIsWhole] = useState(false);
  const isLong = content.length > LONG_CHARS || content.split("\n", 5).length > 4;
  if (isOpen) return <p className="block-left-out">And what you write next.</p>;
  return (
    <div className="block" data-role={role}>
      <p className="block-head">
        <span>{role}</span>
        <span className="figures">{plural(tokens, "token")}</span>
      </p>
      <p className="block-content" data-clamped={(isLong && !isWhole) || undefined} dir="auto">
        {content}
      </p>
      {isLong && (
        <button
          type="button"
          className="button-text"
          aria-expanded={isWhole}
          onClick={() => setIsWhole((before) => !before)}
        >
          {isWhole ? "Show less" : "Show all"}
        </button>
      )}
    </div>
  );
}
