/** Returns a time as this API has it: in whole seconds since the Unix epoch. */
export const toUnixSeconds = (date: Date): number => Math.floor(date.getTime() / 1000);
