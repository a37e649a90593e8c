/** Focuses a text field, except on a touch screen, where the focus opens the keyboard. */
export function focusField(field: HTMLElement | null): void {
  if (matchMedia("(pointer: fine)").matches) field?.focus({ preventScroll: true });
}
