import { setFlagsFromString } from "node:v8";

/** From the 1 MB that V8 begins with to 16 MB. */
const FACTOR = 16;

/**
 * Lets V8 grow the space for new objects in one step when as much as it holds has survived. By default V8 doubles it each
 * time. Of a stream's objects few survive, so the space stays small for minutes, with many collections a second. It is not
 * an option of the process: V8's smallest size would be one that an idle server takes, too.
 */
export function growYoungGenerationAtOnce(): void {
  setFlagsFromString(`--semi-space-growth-factor=${FACTOR}`);
}
