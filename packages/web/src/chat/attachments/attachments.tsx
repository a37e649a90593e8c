import { useState } from "react";
import { t } from "../../texts/later.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { type ImageAttachment, imageAddress, type MessageAttachment } from "../state/attachment.ts";
import { estimateTokens } from "../state/estimate-tokens.ts";
import "./attachments.css";
import { useImage } from "./use-image.ts";

interface AttachmentsProps {
  sessionId: string;
  attachments: readonly MessageAttachment[];
  /** Removes one; null where they stay. */
  onRemove?: (index: number) => void;
}

/** The images and files of a message. */
export function Attachments({ sessionId, attachments, onRemove }: AttachmentsProps) {
  if (attachments.length === 0) return null;
  return (
    <ul className="attachments" aria-label={t.attachments.name}>
      {attachments.map((attachment, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two files of a message may be the same.
        <li key={index}>
          {attachment.kind === "image" ? (
            <Image sessionId={sessionId} image={attachment} />
          ) : attachment.kind === "text" ? (
            <details className="attachment-file">
              <summary>
                {attachment.name}{" "}
                <span className="figures">{t.common.aboutTokens(estimateTokens(attachment.text))}</span>
              </summary>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
              <pre dir="auto" tabIndex={0}>
                {attachment.text}
              </pre>
            </details>
          ) : (
            <span className="attachment-file">{attachment.name}</span>
          )}
          {onRemove !== undefined && (
            <button
              type="button"
              className="button-icon attachment-remove"
              aria-label={t.attachments.remove(attachment.name)}
              onClick={() => onRemove(index)}
            >
              <Icon name="close" size={14} />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Image({ sessionId, image }: { sessionId: string; image: ImageAttachment }) {
  const { data, problem } = useImage(sessionId, image);
  const [isOpen, setIsOpen] = useState(false);
  const { name } = image;
  if (problem !== null) {
    return (
      <span className="attachment-file">
        {name}: {problem}
      </span>
    );
  }
  // Its place is kept while it is fetched.
  if (data === null)
    return <span className="attachment-image" role="img" aria-label={t.attachments.loading(name)} />;
  return (
    <>
      <button
        type="button"
        className="attachment-image"
        aria-label={t.attachments.open(name)}
        title={name}
        onClick={() => setIsOpen(true)}
      >
        <img src={imageAddress(data)} alt={name} />
      </button>
      {isOpen && (
        <Dialog title={name} isWide onClose={() => setIsOpen(false)}>
          <img className="attachment-whole" src={imageAddress(data)} alt={name} />
        </Dialog>
      )}
    </>
  );
}
