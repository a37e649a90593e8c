/** A number and its noun, in a sentence for people: `1 session`, `2 sessions`. */
export const counted = (number: number, noun: string): string =>
  `${number} ${number === 1 ? noun : `${noun}s`}`;
