import type { SyntheticEvent } from "react";

/**
 * Returns handlers that close a modal dialog on Escape and, as its content covers it, on an event on the dialog itself,
 * which is one on its backdrop. A press that began in the content does not close it: the user has selected text and
 * let go outside.
 *
 * On Escape the browser asks with `cancel`, closes the dialog and a moment later tells of it with `close`. `cancel`
 * closes it already, or a key pressed in that moment would open a dialog that `close` then takes away. Some browsers
 * leave out `cancel` on a second Escape.
 */
export const onDismiss = (close: () => void) => ({
  onCancel: (event: SyntheticEvent<HTMLDialogElement>) => {
    // A file picker in the dialog that is cancelled says so with an event that bubbles.
    if (event.target === event.currentTarget) close();
  },
  onClose: ({ currentTarget: { isConnected, open } }: SyntheticEvent<HTMLDialogElement>) => {
    // Not when it was removed, or opened again at once.
    if (isConnected && !open) close();
  },
  onPointerDown: (event: SyntheticEvent<HTMLDialogElement>) => {
    event.currentTarget.dataset.pressed = String(event.target === event.currentTarget);
  },
  onClick: (event: SyntheticEvent<HTMLDialogElement>) => {
    if (event.target === event.currentTarget && event.currentTarget.dataset.pressed === "true") close();
  },
});
