import { type Fields, isFields } from "../../fields.ts";
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

/** Reads a conversation of ChatGPT's `conversations.json`: a tree of messages, of which the current branch is taken. */
export function readChatGpt(conversation: Fields, leftOut: LeftOut): ForeignConversation {
  const out = new ConversationBuilder(leftOut);
  const nodes = new Map(
    Object.entries(fieldsOf(conversation.mapping)).map(([id, node]) => [id, fieldsOf(node)]),
  );
  const branch = branchTo(nodes, conversation.current_node, ({ parent }) => parent);
  const messages = [...nodes.values()].filter(({ message }) => isShown(fieldsOf(message)));
  out.leaveOutOthers(messages, branch);
  for (const { message } of branch) if (isFields(message)) addMessage(message, out);
  return out.build(conversation.title);
}

const isShown = ({ author, metadata, weight, content }: Fields): boolean =>
  author !== undefined &&
  weight !== 0 &&
  fieldsOf(metadata).is_visually_hidden_from_conversation !== true &&
  content !== undefined;

function addMessage(message: Fields, out: ConversationBuilder): void {
  if (!isShown(message)) return;
  const { id, create_time, recipient } = message;
  const content = fieldsOf(message.content);
  const author = fieldsOf(message.author);
  const created = createdAt(create_time);
  const text = contentText(content, out);
  switch (content.content_type) {
    case "thoughts":
      for (const thought of listOf(content.thoughts)) {
        const { summary, content: thoughts } = fieldsOf(thought);
        out.addReasoning([textOf(summary), textOf(thoughts)].filter(Boolean).join("\n"), created);
      }
      return;
    case "reasoning_recap":
    case "user_editable_context":
    case "model_editable_context":
      out.leaveOut("notes of ChatGPT to itself");
      return;
  }
  if (author.role === "tool") out.addOutput("", text, created);
  else if (author.role === "assistant" && recipient !== "all" && typeof recipient === "string")
    out.addCall(textOf(id), recipient, text, created);
  else if (author.role === "user" || author.role === "assistant" || author.role === "system")
    out.add({ role: author.role, content: text, id: textOf(id), ...created });
}

/** The file has no images: only the names of files beside it. */
function contentText({ parts, text, result }: Fields, out: ConversationBuilder): string {
  const texts = listOf(parts).flatMap((part) => {
    if (typeof part === "string") return [part.toWellFormed()];
    const inner = textOf(fieldsOf(part).text);
    if (inner !== "") return [inner];
    out.leaveOut("images and files");
    return [];
  });
  return texts.length > 0 ? texts.join("\n\n") : textOf(text ?? result);
}
