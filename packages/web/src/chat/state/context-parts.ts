import type { ContextReport, ContextPart as SentPart } from "@redis-memory-magic/protocol";

export interface ContextPart {
  readonly kind: SentPart["kind"] | "answer" | "free";
  readonly tokens: number;
  /** Of what stands for messages outside the window: the model that summed some up, and whether others are listed. */
  readonly writtenBy?: string;
  readonly hasContents?: boolean;
}

/** Divides a report's context window, in the order in which the parts are sent. The parts add up to the window. */
export function contextParts({ parts, tokens, budget, context_window }: ContextReport): ContextPart[] {
  const answer = Math.max(0, Math.min(context_window - budget, context_window - tokens.counted));
  return [
    ...parts.map((part) => ({ kind: part.kind, tokens: part.tokens, ...summaryOf(part) })),
    { kind: "answer", tokens: answer },
    { kind: "free", tokens: Math.max(0, context_window - tokens.counted - answer) },
  ];
}

const summaryOf = (part: SentPart): Pick<ContextPart, "writtenBy" | "hasContents"> =>
  part.kind === "summary" && part.summary !== undefined
    ? { writtenBy: part.summary.model, hasContents: part.entries.length > 0 }
    : {};

export type RecallPart = Extract<SentPart, { kind: "recall" }>;

/** Returns what was recalled from outside the window; undefined if nothing is outside, or recall is off. */
export const recallOf = ({ parts }: ContextReport): RecallPart | undefined =>
  parts.find((part) => part.kind === "recall");
