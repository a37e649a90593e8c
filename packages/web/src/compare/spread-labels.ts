/** Returns the places of labels, moved downwards where two would overlap. */
export function spreadLabels(wanted: readonly number[], height: number): number[] {
  const places = [...wanted];
  const order = wanted.map((_, index) => index).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  let free = Number.NEGATIVE_INFINITY;
  for (const index of order) {
    places[index] = Math.max(wanted[index] ?? 0, free);
    free = (places[index] ?? 0) + height;
  }
  return places;
}
