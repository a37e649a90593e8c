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

/** What a model thought: Open WebUI keeps it in the text of the answer. */
const REASONING = /<details type="reasoning"[^>]*>\s*(?:<summary>[^<]*<\/summary>)?([\s\S]*?)<\/details>\s*/g;

/** Reads a chat of Open WebUI's export: a tree of messages, of which the current branch is taken. */
export function readOpenWebUi(entry: Fields, leftOut: LeftOut): ForeignConversation {
  const out = new ConversationBuilder(leftOut);
  const chat = fieldsOf(entry.chat);
  const { messages, currentId } = fieldsOf(chat.history);
  const nodes = new Map(Object.entries(fieldsOf(messages)).map(([id, node]) => [id, fieldsOf(node)]));
  const branch = branchTo(nodes, currentId, ({ parentId }) => parentId);
  if (branch.length > 0) out.leaveOutOthers(nodes.values(), branch);
  const list = branch.length > 0 ? branch : listOf(chat.messages).filter(isFields);
  for (const message of list) addMessage(message, out);
  return out.build(chat.title ?? entry.title);
}

function addMessage({ id, role, content, timestamp, files }: Fields, out: ConversationBuilder): void {
  const created = createdAt(timestamp);
  const text = textOf(content);
  if (role === "assistant") {
    for (const [, thought = ""] of text.matchAll(REASONING))
      out.addReasoning(thought.replace(/^> ?/gm, "").trim(), created);
    out.add({ role, content: text.replace(REASONING, ""), id: textOf(id), ...created });
    return;
  }
  if (role !== "user" && role !== "system") return;
  const images = listOf(files).flatMap((file) => {
    const { type, url } = fieldsOf(file);
    if (type === "image" && textOf(url).startsWith("data:"))
      return [{ type: "input_image", image_url: textOf(url) }];
    out.leaveOut("images and files");
    return [];
  });
  const parts = images.length > 0 ? { parts: [{ type: "input_text", text }, ...images] } : {};
  out.add({ role, content: text, id: textOf(id), ...created, ...parts });
}
