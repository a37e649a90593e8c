/** The smallest window that holds a short message and leaves room for an answer. */
export const SMALLEST_WINDOW = 64;
/** Steps from one power of two to the next. */
const STEPS_PER_OCTAVE = 4;

/** Returns the windows that the slider offers: 64, 80, 96, 112, 128, 160, … and at the end the model's own. */
export function windowStops(largest: number): number[] {
  const stops: number[] = [];
  for (let octave = SMALLEST_WINDOW; octave < largest; octave *= 2) {
    for (let step = 0; step < STEPS_PER_OCTAVE; step++)
      stops.push(octave + (octave / STEPS_PER_OCTAVE) * step);
  }
  return [...stops.filter((stop) => stop < largest), largest];
}

/** Returns the index of the stop nearest to a window. */
export function nearestStop(stops: readonly number[], tokens: number): number {
  const distances = stops.map((stop) => Math.abs(stop - tokens));
  return distances.indexOf(Math.min(...distances));
}
