/** Most tokenizers need about one token for four characters of English. */
const CHARS_PER_TOKEN = 4;

/** Estimates the tokens of a text that the server has not counted. */
export const estimateTokens = (text: string): number => Math.ceil(text.length / CHARS_PER_TOKEN);
