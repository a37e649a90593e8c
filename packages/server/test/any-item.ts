import type { Item, Role } from "@redis-memory-magic/memory";
import fc from "fast-check";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const callId = fc.constantFrom("call_1", "call_2");
const picture = { type: "input_image", image_url: "https://example.com/a.png" };
const phase = fc.constantFrom("commentary", "final_answer");
const base = { id: "", createdAt: new Date(0) };

/** Any item that a session can have. */
export const anyItem: fc.Arbitrary<Item> = fc.oneof(
  fc.tuple(fc.constantFrom("user", "assistant", "developer"), text).map(([role, content]) => ({
    ...{ ...base, role: role as Role, content },
  })),
  fc.tuple(phase, text).map(([label, content]) => ({
    ...{ ...base, role: "assistant" as const, content },
    metadata: { phase: label },
  })),
  text.map((content) => ({
    ...{ ...base, role: "user" as const, content },
    parts: [{ type: "input_text", text: content }, picture],
  })),
  fc.tuple(callId, text).map(([id, content]) => ({
    ...{ ...base, type: "function_call", content },
    toolCalls: [{ id, name: "look", arguments: content }],
  })),
  fc.tuple(callId, text).map(([toolCallId, content]) => ({
    ...{ ...base, type: "function_call_output", content, toolCallId },
  })),
  text.map((content) => ({ ...base, type: "reasoning", content })),
  text.map((content) => ({ ...base, type: "web_search_call", content })),
);
