import type { ContextReport, ContextPart as SentPart } from "@redis-memory-magic/protocol";

export interface ContextPart {
  readonly kind: SentPart["kind"] | "answer" | "free";
  readonly tokens: number;
}

/** Divides a report's context window, in the order in which the parts are sent. The parts add up to the window. */
export function contextParts({ parts, tokens, budget, context_window }: ContextReport): ContextPart[] {
  const answer = Math.max(0, Math.min(context_window - budget, context_window - tokens.counted));
  return [
    ...parts.map(({ kind, tokens }) => ({ kind, tokens })),
    { kind: "answer", tokens: answer },
    { kind: "free", tokens: Math.max(0, context_window - tokens.counted - answer) },
  ];
}

export type RecallPart = Extract<SentPart, { kind: "recall" }>;

/** Returns what was recalled from outside the window; undefined if nothing is outside, or recall is off. */
export const recallOf = ({ parts }: ContextReport): RecallPart | undefined =>
  parts.find((part) => part.kind === "recall");
