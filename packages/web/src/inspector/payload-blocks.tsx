import type { ContextReport, PromptChange, SentMessage } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { formatCount, plural } from "../ui/format.ts";

/** Number of messages shown at each end; those between are folded. */
const ENDS = 20;

const REASONS: Record<ContextReport["left_out"][number]["reason"], string> = {
  stateless: "memory is off",
  window: "no room in the window",
};

/** How the server changes a history that a model would refuse as it is. */
const CHANGES: Record<PromptChange["change"], string> = {
  joined: "sent as one with the message before, which has the same role",
  moved_to_system: "sent as part of the system prompt",
  quoted: "an answer at the beginning, sent as the user's words",
  empty_left_out: "without text, not sent",
  reasoning_removed: "sent without what the model had thought",
  call_left_out: "a tool call without its output, not sent",
  tools_as_text: "a tool call or its output, sent as text: this model has no tools",
  images_left_out: "sent with a note in place of the image: this model does not see images",
  files_left_out: "sent with a note in place of the file: this model does not read files",
  unknown_left_out: "of a kind that this server does not know, not sent",
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
  const { messages, left_out, normalized, intact, tokens } = report;
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
      {normalized.map(({ change, messages: count }) => (
        <p key={change} className="block-left-out">
          {plural(count, "message")}: {CHANGES[change]}
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

function PayloadBlock({ message, isOpen }: PayloadBlockProps) {
  const { role, content, tokens, images = [] } = message;
  const [isWhole, setIsWhole] = useState(false);
  const isLong = content.length > LONG_CHARS || content.split("\n", 5).length > 4;
  if (isOpen) return <p className="block-left-out">And what you write next.</p>;
  return (
    <div className="block" data-role={role}>
      <p className="block-head">
        <span>{titleOf(message)}</span>
        <span className="figures">{plural(tokens, "token")}</span>
      </p>
      <p className="block-content" data-clamped={(isLong && !isWhole) || undefined} dir="auto">
        {content}
      </p>
      {images.map(({ url, width, height, tokens }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an image can be sent twice.
        <p key={index} className="block-image">
          <span>
            Image
            {width !== undefined && height !== undefined && ` · ${width} × ${height}`}
            {url !== null && !url.startsWith("blob:") && ` · ${hostOf(url)}`}
          </span>
          <span className="figures">about {plural(tokens, "token")}</span>
        </p>
      ))}
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

function titleOf({ role, type, name }: SentMessage): string {
  if (type === "function_call") return `tool call ${name ?? ""}`;
  return type === "function_call_output" ? "tool output" : role;
}

/** The place of an image that the session does not have. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : "");
