import type { ContextReport, SentMessage } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { tokenText } from "../chat/state/memory-line.ts";
import { EMPTY_DRAFT } from "../chat/state/use-context-preview.ts";
import { t } from "../texts/texts.ts";
import type { InspectorSubject } from "./inspector-panel.tsx";

/** Number of messages shown at each end; those between are folded. */
const ENDS = 20;

interface PayloadBlocksProps {
  report: ContextReport;
  kind: InspectorSubject["kind"];
  /** True while the draft is empty: the last block is a placeholder for it. */
  isLastOpen: boolean;
}

/** The payload, message by message, in the order in which the model reads it. */
export function PayloadBlocks({ report, kind, isLastOpen }: PayloadBlocksProps) {
  const [isUnfolded, setIsUnfolded] = useState(false);
  const { messages, left_out, normalized, intact, tokens } = report;
  const { blocks: texts } = t.inspector;
  const shown = isLastOpen ? withoutDraft(messages) : messages;
  const isFolded = !isUnfolded && shown.length > 2 * ENDS + 1;
  const blocks = shown.map((message, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: messages of a payload have no other key.
    <PayloadBlock key={index} message={message} />
  ));
  return (
    <section className="blocks" aria-label={texts.name}>
      {left_out.map(({ reason, messages: count }) => (
        <p key={reason} className="block-left-out">
          {texts.stay[kind](count, texts.reasons[reason])}
        </p>
      ))}
      {normalized.map(({ change, messages: count }) => (
        <p key={change} className="block-left-out">
          {texts.changed(count, texts.changes[change])}
        </p>
      ))}
      {!intact && <p className="block-left-out">{texts.incomplete}</p>}
      {isFolded ? blocks.slice(0, ENDS) : blocks}
      {isFolded && (
        <>
          <button type="button" className="button button-small" onClick={() => setIsUnfolded(true)}>
            {texts.showBetween(shown.length - 2 * ENDS)}
          </button>
          {blocks.slice(-ENDS)}
        </>
      )}
      {isLastOpen && <p className="block-left-out">{texts.draft}</p>}
      <p className="blocks-sum figures">{texts.total(tokenText(tokens))}</p>
    </section>
  );
}

/** What is sent before a message that is not written yet: others can be joined to it, and it can quote what is recalled. */
function withoutDraft(messages: ContextReport["messages"]): ContextReport["messages"] {
  const last = messages.at(-1);
  if (!last?.content.endsWith(EMPTY_DRAFT)) return messages;
  const content = last.content.slice(0, -EMPTY_DRAFT.length).trimEnd();
  return [...messages.slice(0, -1), ...(content === "" ? [] : [{ ...last, content }])];
}

/** Longer contents are clamped. */
const LONG_CHARS = 200;

interface PayloadBlockProps {
  message: ContextReport["messages"][number];
}

function PayloadBlock({ message }: PayloadBlockProps) {
  const { role, content, tokens, images = [] } = message;
  const [isWhole, setIsWhole] = useState(false);
  const { blocks: texts } = t.inspector;
  const isLong = content.length > LONG_CHARS || content.split("\n", 5).length > 4;
  return (
    <div className="block" data-role={role}>
      <p className="block-head">
        <span>{titleOf(message)}</span>
        <span className="figures">{t.common.tokens(tokens)}</span>
      </p>
      <p className="block-content" data-clamped={(isLong && !isWhole) || undefined} dir="auto">
        {content}
      </p>
      {images.map(({ url, width, height, tokens }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an image can be sent twice.
        <p key={index} className="block-image">
          <span>
            {texts.image}
            {width !== undefined && height !== undefined && ` · ${width} × ${height}`}
            {url !== null && !url.startsWith("blob:") && ` · ${hostOf(url)}`}
          </span>
          <span className="figures">{t.common.aboutTokens(tokens)}</span>
        </p>
      ))}
      {isLong && (
        <button
          type="button"
          className="button-text"
          aria-expanded={isWhole}
          onClick={() => setIsWhole((before) => !before)}
        >
          {isWhole ? texts.less : texts.all}
        </button>
      )}
    </div>
  );
}

function titleOf({ role, type, name }: SentMessage): string {
  if (type === "function_call") return t.inspector.blocks.toolCall(name ?? "");
  return type === "function_call_output" ? t.inspector.blocks.toolOutput : role;
}

/** The place of an image that the session does not have. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : "");
