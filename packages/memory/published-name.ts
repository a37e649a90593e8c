/**
 * What the library is called on npm. A scope must be owned by its publisher and have no trademark in it, so it is not
 * the name of this repository.
 */
export const PUBLISHED_NAME = "@memory-magic/memory";

/** A guide or a source, with the name under which the library is installed instead of that in this repository. */
export const asPublished = (text: string): string =>
  text.replaceAll("@redis-memory-magic/memory", PUBLISHED_NAME);
