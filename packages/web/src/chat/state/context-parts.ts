import type { ContextReport } from "@redis-memory-magic/protocol";

export interface ContextPart {
  readonly kind: "system" | "history" | "message" | "answer" | "free";
  readonly tokens: number;
}

/** Divides a report's context window, in the order in which the parts are sent. The parts add up to the window. */
export function contextParts({ messages, tokens, budget, context_window }: ContextReport): ContextPart[] {
  const current = messages.at(-1)?.tokens ?? 0;
  const system = messages[0]?.role === "system" && messages.length > 1 ? messages[0].tokens : 0;
  const answer = Math.max(0, Math.min(context_window - budget, context_window - tokens.counted));
  return [
    { kind: "system", tokens: system },
    { kind: "history", tokens: Math.max(0, tokens.counted - system - current) },
    { kind: "message", tokens: current },
    { kind: "answer", tokens: answer },
    { kind: "free", tokens: Math.max(0, context_window - tokens.counted - answer) },
  ];
}
