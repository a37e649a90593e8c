import type { ContextMessage } from "../chat/chat-model.ts";

export interface TextMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/**
 * Messages in the roles that every API takes as plain text. A tool's result may only follow the very call that
 * asked for it, which a text history has not: it is sent as what it is to the model, something it is told.
 */
export const asTextMessages = (messages: readonly ContextMessage[]): TextMessage[] =>
  messages.map(({ role, content }) => {
    if (role === "tool") return { role: "user", content: `Result of a tool:\n${content}` };
    // Only some APIs know the role; all of them obey a system message.
    return { role: role === "developer" ? "system" : role, content };
  });
