export { fromChat, toChat } from "./chat.ts";
export { fromResponses, toResponses } from "./responses.ts";
