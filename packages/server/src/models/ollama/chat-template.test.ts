import { expect, test } from "vitest";
import { isNamedAsReasoning, opensReasoning } from "./chat-template.ts";

const MESSAGES =
  "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}{% endfor %}";

test.each([
  [
    "Jinja that opens it",
    `${MESSAGES}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n' }}{% endif %}`,
    true,
  ],
  [
    "Jinja that opens and closes it where reasoning is switched off",
    `${MESSAGES}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% if not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}{% endif %}`,
    false,
  ],
  [
    "Jinja that opens it unless reasoning is switched off",
    `${MESSAGES}{% if add_generation_prompt %}{% if not enable_thinking %}{{ '<think></think>' }}{% else %}{{ '<think>' }}{% endif %}{% endif %}`,
    true,
  ],
  ["Jinja that removes it from the history only", MESSAGES, false],
  ["Ollama's that opens it", "{{ if $last }}<|im_start|>assistant\n<think>\n{{ end }}", true],
  [
    "Ollama's for a model that reasons by itself",
    "{{ if $last }}<|im_start|>assistant\n{{ if not $.Think }}<think>\n\n</think>\n\n{{ end }}{{ end }}",
    false,
  ],
  ["a template without it", "{{ .Prompt }}", false],
])("%s", (_, template, opens) => {
  expect(opensReasoning(template)).toBe(opens);
});

test("knows the families that open it by their names", () => {
  const named = ["deepseek-ai/DeepSeek-R1", "qwq:32b", "Qwen/Qwen3-4B-Thinking-2507"];
  expect(named.filter(isNamedAsReasoning)).toEqual(named);
  expect(["qwen3:4b", "llama3.2:3b", "rethinking-7b"].filter(isNamedAsReasoning)).toEqual([]);
});
