import type { AgentInputItem } from "@openai/agents-core";
import type { NewItem, Role } from "../../history/item.ts";
import { keepOriginal, originalOf, type ReadableItem } from "../original.ts";
import { portableParts } from "../portable-parts.ts";

interface AnyItem {
  readonly type?: string;
  readonly role?: Role;
  readonly content?: unknown;
  readonly callId?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly output?: unknown;
}

/** Converts an item of the Agents SDK. What the fields of an item here do not hold is kept in `parts`. */
export function fromAgents(item: AgentInputItem): NewItem {
  const converted = convert(item as AnyItem);
  return keepOriginal(converted, "agents", item, agentItems(converted)[0] ?? null);
}

/** Converts items to those of the Agents SDK; what was stored without it too. */
export const toAgents = (items: readonly ReadableItem[]): AgentInputItem[] =>
  items.flatMap((item) => {
    const original = originalOf<AgentInputItem>(item, "agents");
    return original === undefined ? agentItems(item) : [original];
  });

function convert({ type = "message", role = "user", content, callId = "", ...rest }: AnyItem): NewItem {
  if (type === "message") return { role, content: textOf(content) };
  if (type === "function_call") {
    return { type, toolCalls: [{ id: callId, name: rest.name ?? "", arguments: rest.arguments ?? "" }] };
  }
  if (type === "function_call_result") return { type, toolCallId: callId, content: textOf(rest.output) };
  return { type, content: type === "reasoning" ? textOf(content) : "" };
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const parts: unknown[] = [content ?? []].flat();
  return parts
    .map((part) => {
      const { text, refusal } = part as { text?: unknown; refusal?: unknown };
      return [text, refusal].find((one) => typeof one === "string") ?? "";
    })
    .join("");
}

function agentItems(item: ReadableItem): AgentInputItem[] {
  const { role, type, content = "", toolCalls = [], toolCallId } = item;
  if (toolCallId !== undefined || role === "tool") {
    const output = { type: "text" as const, text: content };
    return [
      { type: "function_call_result", callId: toolCallId ?? "", name: "", status: "completed", output },
    ];
  }
  const calls = toolCalls.map(
    ({ id, name, arguments: args }): AgentInputItem => ({
      type: "function_call",
      callId: id,
      name,
      status: "completed",
      arguments: args,
    }),
  );
  if (role === "assistant") {
    const message: AgentInputItem = {
      type: "message",
      role,
      status: "completed",
      content: [{ type: "output_text", text: content }],
    };
    return content === "" && calls.length > 0 ? calls : [message, ...calls];
  }
  if (role === "user") return [{ role, content: inputParts(item) ?? content }];
  if (role !== undefined) return [{ role: "system", content }];
  if (type === "reasoning") return [{ type, content: [{ type: "input_text", text: content }] }];
  return calls;
}

const inputParts = (item: ReadableItem) =>
  portableParts(item)?.map((part) =>
    part.kind === "text"
      ? { type: "input_text" as const, text: part.text }
      : { type: "input_image" as const, image: part.url },
  );
