import type { Chat } from "../chat/state/use-chat.ts";
import type { TourStep } from "./tour-steps.ts";

/** Moves the toggles to where a step wants them, so that what it says of them is seen before anything is sent. */
export function prepareStep(
  { choice, choose, changeDraft, providers }: Chat,
  { mode, otherProvider, contextTokens }: TourStep,
): void {
  if (choice === null) return;
  const other = otherProvider && providers.find(({ id, available }) => available && id !== choice.provider);
  choose({ mode, provider: other ? other.id : choice.provider });
  changeDraft({ contextTokens });
}

/** Sends what a step says, as the toggles stand. */
export function runStep({ choice, conversation }: Chat, { message }: TourStep, onDone: () => void): void {
  if (choice === null) return;
  conversation.send(message, choice);
  onDone();
}
