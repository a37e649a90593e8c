/** True if the key press belongs to an input method. Safari ends the composition first: `keyCode` 229 is its only sign. */
export const isComposing = ({
  isComposing,
  keyCode,
}: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean => isComposing || keyCode === 229;
