/** The smallest window that holds a short message and leaves room for an answer. */
export const SMALLEST_WINDOW = 64;

/** Windows differ by factors: each step of the slider (0–100) is one. Rounded to what is easily read. */
export function windowAt(position: number, largest: number): number {
  if (position >= 100) return largest;
  const exact = SMALLEST_WINDOW * (largest / SMALLEST_WINDOW) ** (position / 100);
  const step = 2 ** Math.max(3, Math.floor(Math.log2(exact)) - 4);
  return Math.min(largest, Math.max(SMALLEST_WINDOW, Math.round(exact / step) * step));
}

export function sliderPosition(tokens: number, largest: number): number {
  if (largest <= SMALLEST_WINDOW) return 100;
  const share =
    Math.log(Math.max(tokens, SMALLEST_WINDOW) / SMALLEST_WINDOW) / Math.log(largest / SMALLEST_WINDOW);
  return Math.round(Math.min(1, share) * 100);
}
