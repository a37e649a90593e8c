import type { Fields } from "../../fields.ts";
import {
  ConversationBuilder,
  createdAt,
  type ForeignConversation,
  fieldsOf,
  type LeftOut,
  listOf,
  textOf,
} from "./foreign-conversation.ts";

/** Reads a conversation of Claude's export. */
export function readClaude(conversation: Fields, leftOut: LeftOut): ForeignConversation {
  const out = new ConversationBuilder(leftOut);
  for (const entry of listOf(conversation.chat_messages)) addMessage(fieldsOf(entry), out);
  return out.build(conversation.name);
}

function addMessage(message: Fields, out: ConversationBuilder): void {
  const role = message.sender === "human" ? "user" : "assistant";
  const created = createdAt(message.created_at);
  for (const _ of listOf(message.files)) out.leaveOut("images and files");
  const files = listOf(message.attachments).map((attachment) => {
    const { file_name, extracted_content } = fieldsOf(attachment);
    return `File ${textOf(file_name)}:\n${textOf(extracted_content)}`;
  });
  const parts = listOf(message.content).map(fieldsOf);
  const hasText = parts.some(({ type }) => type === "text");
  let id = textOf(message.uuid);
  const add = (content: string): void => {
    out.add({ role, content, id, ...created });
    // The first of them keeps it.
    id = "";
  };
  for (const part of parts) {
    if (part.type === "text") add([textOf(part.text), ...files.splice(0)].join("\n\n"));
    else if (part.type === "thinking") out.addReasoning(textOf(part.thinking), created);
    else if (part.type === "tool_use") out.addCall(textOf(part.id), textOf(part.name), part.input, created);
    else if (part.type === "tool_result") out.addOutput(textOf(part.tool_use_id), outputOf(part), created);
    else out.leaveOut("parts of messages of another kind");
  }
  if (!hasText) add([textOf(message.text), ...files].filter(Boolean).join("\n\n"));
}

const outputOf = ({ content }: Fields): string =>
  typeof content === "string"
    ? textOf(content)
    : listOf(content)
        .map((part) => textOf(fieldsOf(part).text))
        .join("\n");
