import { sessionId as sessionIdSchema } from "@redis-memory-magic/protocol";
import type { CreateCompletion } from "@redis-memory-magic/protocol/openai";
import type { AskedTurn } from "../chat/asked-turn.ts";
import type { Caller } from "../chat/caller.ts";
import { withOrigin } from "../chat/extra-content.ts";
import { asItem } from "../chat/plan.ts";
import type { ClientFields, TurnRequest } from "../chat/turn-request.ts";
import { invalid, unsupported } from "./api-error.ts";
import { askUnstored } from "./ask-unstored.ts";
import { readMessages } from "./chat-messages.ts";
import { type CreateOptions, inNewSession } from "./create-response.ts";
import { newChain, newStoredCompletion } from "./ids.ts";
import { type SettingFields, type SettingPlaces, toModelSettings } from "./settings.ts";
import { deadline, SESSION_WAIT_MS, whenFree } from "./wait-for-turn.ts";

const PLACES: SettingPlaces = {
  ofFunction: ".function",
  format: "response_format",
  schema: "response_format.json_schema",
};

/**
 * Begins a chat completion. It is stored if it is asked for, or if it belongs to a session.
 * @param clientGone aborted when the client has disconnected
 * @throws AppError before anything is stored or sent
 */
export async function createCompletion(
  { chat, models, ttlSeconds }: CreateOptions,
  caller: Caller,
  body: CreateCompletion,
  clientGone: AbortSignal,
): Promise<AskedTurn> {
  if ((body.n ?? 1) !== 1) throw unsupported("n", "must be 1: this server gives one answer to a request");
  if (body.functions?.length) throw unsupported("functions", "is the older form of tools: send tools");
  if (body.logprobs) throw unsupported("logprobs", "cannot be true: no answer here has log probabilities");
  if (body.modalities?.some((kind) => kind !== "text")) {
    throw unsupported("modalities", "must be text alone: no model here answers in another form");
  }
  const named = await models.resolve(body.model);
  const { system, items: given } = readMessages(body.messages);
  const items = withOrigin(given, models.originOf(named));
  const stop = [body.stop ?? []].flat().filter((text) => text !== "");
  const client: ClientFields = {
    ...(named.model !== body.model && { model: body.model }),
    ...(body.metadata && { metadata: body.metadata }),
  };
  const request: TurnRequest = {
    ...named,
    mode: "stateful",
    system,
    ...(body.memory && { memory: body.memory }),
    ...(body.notes && { notes: true }),
    ...(body.other_sessions && { other_sessions: true }),
    input: items,
    settings: {
      ...toModelSettings(toResponsesFields(body), PLACES),
      ...(typeof body.seed === "number" && { seed: body.seed }),
      ...(stop.length > 0 && { stop }),
    },
    fieldNames: {
      maxOutputTokens: body.max_completion_tokens == null ? "max_tokens" : "max_completion_tokens",
      attachments: "messages",
      input: "messages",
    },
    ttlSeconds,
    ...(Object.keys(client).length > 0 && { client }),
  };
  const sessionId = body.session_id ?? undefined;
  if (sessionId !== undefined) {
    const checked = sessionIdSchema.safeParse(sessionId);
    if (!checked.success) throw invalid("session_id", checked.error.issues[0]?.message ?? "is not valid");
    const until = deadline(SESSION_WAIT_MS);
    return whenFree({ chat, caller, request, clientGone }, until, {
      ...request,
      session_id: sessionId,
      retrySame: true,
    });
  }
  if (body.store) {
    return inNewSession({ chat, caller, request: { ...request, wholeHistory: true } }, newStoredCompletion());
  }
  // The conversation is the client's: all of it is sent, or it is refused.
  const last = Math.max(
    0,
    items.findLastIndex(({ role }) => role === "user"),
  );
  const history = items.slice(0, last).map((item, index) => ({ index, item: asItem(item) }));
  const unstored = { ...request, session_id: newChain(), input: items.slice(last), unstored: { history } };
  return askUnstored(chat, caller, { ...unstored, wholeHistory: true }, clientGone);
}

/** The settings of a request by the names that the Responses API has for them. */
function toResponsesFields(body: CreateCompletion): SettingFields {
  const { tools, tool_choice: choice, response_format: format } = body;
  return {
    tools: tools?.map(unwrapped),
    tool_choice: typeof choice === "object" && choice !== null ? unwrapped(choice) : choice,
    parallel_tool_calls: body.parallel_tool_calls,
    text: format && { format: unwrapped(format) },
    temperature: body.temperature,
    top_p: body.top_p,
    max_output_tokens: body.max_completion_tokens ?? body.max_tokens,
    reasoning: { effort: body.reasoning_effort },
  };
}

/** Chat Completions has the fields of a tool or a format one level deeper, under the name of its type. */
function unwrapped(value: { readonly type: string; readonly [field: string]: unknown }) {
  const inner = value[value.type];
  return typeof inner === "object" && inner !== null ? { ...inner, type: value.type } : value;
}
