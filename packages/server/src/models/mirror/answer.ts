import type { ContextMessage } from "../../chat/chat-model.ts";

/** The most that is quoted of one message, in code points. */
const MAX_QUOTED = 200;

/** What can be known from these messages and nothing else: how many they are, and what the user said before. */
export function mirrorAnswer(messages: readonly ContextMessage[]): string {
  if (messages.length <= 1) return "I was sent 1 message: this one. I know nothing of what was said before.";
  const count = `I was sent ${messages.length} messages.`;
  const said = messages.slice(0, -1).filter((message) => message.role === "user");
  if (said.length === 0) return `${count} None of those before this one is from you.`;
  return `${count} Before this one you said: ${inWords(said.map((message) => quote(message.content)))}.`;
}

function quote(text: string): string {
  const characters = [...text.replace(/[\t\n\r ]+/g, " ").trim()];
  const shown = characters.length > MAX_QUOTED ? [...characters.slice(0, MAX_QUOTED), "…"] : characters;
  return `"${shown.join("")}"`;
}

function inWords(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last;
}
