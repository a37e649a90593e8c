import type { Chat } from "../app/use-chat.ts";
import type { TourStep } from "./tour-steps.ts";

/** Sends what a step says, the way it says; the toggles move with it. */
export function doStep(
  { choice, choose, changeNote, conversation, providers }: Chat,
  { mode, message, otherProvider, contextTokens }: TourStep,
  onDone: () => void,
): void {
  if (choice === null) return;
  const other = otherProvider && providers.find(({ id, available }) => available && id !== choice.provider);
  const provider = other ? other.id : choice.provider;
  choose({ mode, provider });
  changeNote({ contextTokens });
  const model = provider === choice.provider ? choice.model : undefined;
  conversation.send(message, { ...choice, mode, provider, model, contextTokens });
  onDone();
}
