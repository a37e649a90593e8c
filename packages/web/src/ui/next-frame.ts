/** Calls back before the next frame; in a hidden page, which draws none, after a short timeout. */
export function onNextFrame(callback: () => void): void {
  if (globalThis.document?.visibilityState === "visible") requestAnimationFrame(callback);
  else setTimeout(callback, 100);
}
