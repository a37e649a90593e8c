import type { PromptChange } from "@redis-memory-magic/protocol";
import type { ContextMessage } from "./chat-model.ts";
import { withoutReasoning } from "./reasoning-tags.ts";

/** A message of a history, in any role. */
export interface HistoryMessage {
  readonly role: "system" | "developer" | "user" | "assistant" | "tool";
  readonly content: string;
}

/** A message of a prompt, and the positions of the history's messages that it was made of. */
export interface PromptMessage extends ContextMessage {
  readonly sources: readonly number[];
}

export interface Prompt {
  readonly system: string;
  readonly messages: readonly PromptMessage[];
  /** What was changed, with the number of messages that were. */
  readonly changes: readonly PromptChange[];
}

/** Between two messages that were joined. */
const BREAK = "\n\n";

/**
 * Puts a history into the form that every chat template accepts: one system prompt, then user and assistant in turn,
 * the user first and last, none of them empty. Nothing that was said is lost by it.
 */
export function normalizePrompt(system: string, history: readonly HistoryMessage[]): Prompt {
  const systems = system === "" ? [] : [system];
  const messages: PromptMessage[] = [];
  const counts = new Map<PromptChange["change"], number>();
  const count = (change: PromptChange["change"]): void =>
    void counts.set(change, (counts.get(change) ?? 0) + 1);

  for (const [n, message] of history.entries()) {
    const content = message.role === "assistant" ? withoutReasoning(message.content) : message.content;
    if (content !== message.content) count("reasoning_removed");
    const isCurrent = n === history.length - 1;
    if (content.trim() === "" && !isCurrent) {
      count("empty_left_out");
      continue;
    }
    if (message.role === "system" || message.role === "developer") {
      systems.push(content);
      count("moved_to_system");
      continue;
    }
    const next = toPromptMessage(message.role, content, messages.length === 0);
    if (message.role === "assistant" && next.role === "user") count("quoted");
    const last = messages.at(-1);
    if (last?.role === next.role) {
      count("joined");
      messages[messages.length - 1] = {
        role: last.role,
        content: last.content + BREAK + next.content,
        sources: [...last.sources, n],
      };
    } else {
      messages.push({ ...next, sources: [n] });
    }
  }
  const changes = [...counts].map(([change, changed]) => ({ change, messages: changed }));
  return { system: systems.join(BREAK), messages, changes };
}

/** @param isFirst an answer without its question is quoted by the user: a conversation begins with the user */
function toPromptMessage(
  role: Exclude<HistoryMessage["role"], "system" | "developer">,
  content: string,
  isFirst: boolean,
): ContextMessage {
  // A tool's result may only follow the very call that asked for it, which a text history does not have.
  if (role === "tool") return { role: "user", content: `Result of a tool:\n${content}` };
  if (role === "assistant" && isFirst) return { role: "user", content: `You said before:\n${content}` };
  return { role, content };
}
