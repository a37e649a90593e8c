import type { ContextReport } from "@redis-memory-magic/protocol";

type Sent = ContextReport["messages"][number];

/** Returns which messages of the first payload the second one does not have. The same text at the end counts first. */
export function missingIn(messages: readonly Sent[], others: readonly Sent[]): readonly boolean[] {
  const left = others.map(keyOf);
  return messages
    .toReversed()
    .map((message) => {
      const index = left.lastIndexOf(keyOf(message));
      if (index >= 0) left.splice(index, 1);
      return index < 0;
    })
    .reverse();
}

const keyOf = ({ role, content }: Sent): string => `${role}\n${content}`;
