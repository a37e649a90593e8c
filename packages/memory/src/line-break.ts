/** Where a program may break a text into lines. */
export const LINE_BREAK = /\r\n|[\n\v\f\r\x85\u2028\u2029]/g;
