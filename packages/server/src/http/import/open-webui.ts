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

const REASONING = '<details type="reasoning"';
const REASONING_END = "</details>";

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
    const { thoughts, answer } = splitReasoning(text);
    for (const thought of thoughts) out.addReasoning(thought, created);
    out.add({ role, content: answer, id: textOf(id), ...created });
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

/**
 * Separates an answer from what the model thought, which Open WebUI keeps in the same text. Not by one pattern: it would
 * look for an end again from each of many beginnings.
 */
function splitReasoning(text: string): { readonly thoughts: readonly string[]; readonly answer: string } {
  const thoughts: string[] = [];
  let answer = "";
  let rest = text;
  for (;;) {
    const start = rest.indexOf(REASONING);
    const end = start < 0 ? -1 : rest.indexOf(REASONING_END, start);
    if (end < 0) return { thoughts, answer: answer + rest };
    // In damaged exports the tag ends with its line.
    const thought = rest.slice(start, end).replace(/^[^>\n]*>?\s*(?:<summary>[^<]*<\/summary>)?/, "");
    thoughts.push(thought.replace(/^> ?/gm, "").trim());
    answer += rest.slice(0, start);
    rest = rest.slice(end + REASONING_END.length).trimStart();
  }
}
