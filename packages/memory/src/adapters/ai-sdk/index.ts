export {
  type Answer,
  type AnswerContext,
  type ChatHandler,
  type ChatHandlerOptions,
  chatHandler,
} from "./chat-handler.ts";
export { type ChatStore, chatStore } from "./chat-store.ts";
