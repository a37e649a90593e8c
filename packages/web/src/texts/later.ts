import { englishLater } from "./english-later.ts";
import { t as first } from "./texts.ts";

/** All texts, for parts that are loaded when they are first shown. The table of another language has all of them. */
export const t = { ...englishLater, ...first };
