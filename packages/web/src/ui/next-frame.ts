/** Calls back before the next frame is drawn; in a hidden page, where none is, a little later. */
export function onNextFrame(callback: () => void): void {
  if (globalThis.document?.visibilityState === "visible") requestAnimationFrame(callback);
  else setTimeout(callback, 100);
}
