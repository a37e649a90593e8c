import type { SyntheticEvent } from "react";

/**
 * Returns handlers for a modal dialog whose content covers it: an event on the dialog itself is one on its backdrop.
 * A press that began in the content does not close it: the user has selected text and let go outside.
 */
export const onBackdrop = (close: () => void) => ({
  onPointerDown: (event: SyntheticEvent<HTMLElement>) => {
    event.currentTarget.dataset.pressed = String(event.target === event.currentTarget);
  },
  onClick: (event: SyntheticEvent<HTMLElement>) => {
    if (event.target === event.currentTarget && event.currentTarget.dataset.pressed === "true") close();
  },
});
