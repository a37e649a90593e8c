import type { Chat } from "../chat/state/use-chat.ts";
import type { TourStep } from "./tour-steps.ts";

/** Sets the switches as a step needs them, so that its text is true before the message is sent. */
export function prepareStep(
  { choice, conversation, providers }: Chat,
  { mode, otherProvider, contextTokens, isRecalling }: TourStep,
): void {
  if (choice === null) return;
  const other = otherProvider && providers.find(({ id, available }) => available && id !== choice.provider);
  conversation.changeSettings({
    mode,
    ...(other && { provider: other.id, model: null }),
    // What is left out is the lesson of a small window: recall would bring it back.
    memory: contextTokens === undefined || isRecalling ? null : "window",
    context_tokens: contextTokens ?? null,
  });
}

/** Sends a step's message with the current choice. */
export function runStep({ choice, conversation }: Chat, message: string, onDone: () => void): void {
  if (choice === null) return;
  conversation.send(message, choice);
  onDone();
}
