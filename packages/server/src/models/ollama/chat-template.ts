/**
 * True if a chat template opens `<think>` in front of each answer, so that answers have the closing tag only. The
 * template is Jinja, whose last part begins with `add_generation_prompt`, or Ollama's, in Go's language.
 */
export function opensReasoning(template: string): boolean {
  const prompt = template.slice(template.lastIndexOf("add_generation_prompt") + 1);
  return prompt.lastIndexOf("<think>") > prompt.lastIndexOf("</think>");
}

/** True for the families whose templates do this, for servers that do not show the template. */
export const isNamedAsReasoning = (model: string): boolean =>
  /deepseek-?r1|qwq|(?:^|[-_/])thinking\b/i.test(model);
