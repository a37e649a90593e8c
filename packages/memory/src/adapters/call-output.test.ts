import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import type { NewItem } from "../history/item.ts";
import { fromAnthropic, toAnthropic } from "./anthropic/index.ts";
import { fromLangChainMessages } from "./langchain/convert.ts";
import { fromChat, fromResponses, toChat, toResponses } from "./openai/index.ts";
import { fromAgents, toAgents } from "./openai-agents/convert.ts";

const NAME = "now";
const ID = "call_1";
const OUTPUT = "12:00";

/** A call and its output, in each format. */
const WRITTEN: Readonly<Record<string, readonly NewItem[]>> = {
  "Chat Completions": [
    fromChat({
      role: "assistant",
      content: null,
      tool_calls: [{ id: ID, type: "function", function: { name: NAME, arguments: "{}" } }],
    }),
    fromChat({ role: "tool", tool_call_id: ID, content: OUTPUT }),
  ],
  "the Responses API": [
    fromResponses({ type: "function_call", call_id: ID, name: NAME, arguments: "{}" }),
    fromResponses({ type: "function_call_output", call_id: ID, output: OUTPUT }),
  ],
  Anthropic: [
    ...fromAnthropic({ role: "assistant", content: [{ type: "tool_use", id: ID, name: NAME, input: {} }] }),
    ...fromAnthropic({
      role: "user",
      content: [{ type: "tool_result", tool_use_id: ID, content: OUTPUT }],
    }),
  ],
  "the Agents SDK": [
    fromAgents({ type: "function_call", callId: ID, name: NAME, arguments: "{}", status: "completed" }),
    fromAgents({
      type: "function_call_result",
      callId: ID,
      name: NAME,
      status: "completed",
      output: { type: "text", text: OUTPUT },
    }),
  ],
  LangChain: fromLangChainMessages([
    new AIMessage({ content: "", tool_calls: [{ id: ID, name: NAME, args: {} }] }),
    new ToolMessage({ tool_call_id: ID, content: OUTPUT }),
  ]),
};

test.each(Object.entries(WRITTEN))(
  "a call and its output that %s wrote are read in every format",
  (_, items) => {
    expect(toChat(items)).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: ID, type: "function", function: { name: NAME, arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: ID, content: OUTPUT },
    ]);
    expect(toResponses(items)).toEqual([
      { type: "function_call", call_id: ID, name: NAME, arguments: "{}" },
      { type: "function_call_output", call_id: ID, output: OUTPUT },
    ]);
    expect(toAnthropic(items).messages).toEqual([
      { role: "assistant", content: [{ type: "tool_use", id: ID, name: NAME, input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: ID, content: OUTPUT }] },
    ]);
    expect(toAgents(items)).toMatchObject([
      { type: "function_call", callId: ID, name: NAME, arguments: "{}" },
      { type: "function_call_result", callId: ID, output: { type: "text", text: OUTPUT } },
    ]);
  },
);
