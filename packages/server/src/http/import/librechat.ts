import type { Fields } from "../../fields.ts";
import {
  branchTo,
  ConversationBuilder,
  createdAt,
  type ForeignConversation,
  fieldsOf,
  type LeftOut,
  listOf,
  textOf,
} from "./foreign-conversation.ts";

/** Reads a conversation of LibreChat's export: a list of messages or a tree, of which the newest branch is taken. */
export function readLibreChat(conversation: Fields, leftOut: LeftOut): ForeignConversation {
  const out = new ConversationBuilder(leftOut);
  const all = flattened(listOf(conversation.messages));
  const nodes = new Map(all.map((message) => [textOf(message.messageId), message]));
  const branch = branchTo(nodes, all.at(-1)?.messageId, ({ parentMessageId }) => parentMessageId);
  out.leaveOutOthers(all, branch);
  for (const message of branch) addMessage(message, out);
  return out.build(conversation.title);
}

/** With `recursive`, messages stand in the one that they answer. */
function flattened(messages: readonly unknown[]): Fields[] {
  const all: Fields[] = [];
  const waiting = messages.toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const message = fieldsOf(next);
    all.push(message);
    // One at a time: a hostile list is more arguments than a call can have.
    for (const child of listOf(message.children).toReversed()) waiting.push(child);
  }
  return all;
}

function addMessage(message: Fields, out: ConversationBuilder): void {
  const { messageId, isCreatedByUser, text, content, createdAt: time, files } = message;
  const role = isCreatedByUser === true ? "user" : "assistant";
  const created = createdAt(time);
  for (const _ of listOf(files)) out.leaveOut("images and files");
  const texts: string[] = [];
  for (const part of listOf(content).map(fieldsOf)) {
    const { value } = fieldsOf(part.text);
    if (part.type === "text") {
      texts.push(textOf(value ?? part.text));
    } else if (part.type === "think") {
      out.addReasoning(textOf(part.think), created);
    } else if (part.type === "tool_call") {
      const { id, name, args, output } = fieldsOf(part.tool_call);
      out.addCall(textOf(id), textOf(name), args, created);
      if (output !== undefined) out.addOutput(textOf(id), textOf(output), created);
    } else {
      out.leaveOut("parts of messages of another kind");
    }
  }
  const whole = texts.length > 0 ? texts.join("\n\n") : textOf(text);
  out.add({ role, content: whole, id: textOf(messageId), ...created });
}
