import { expect, test } from "vitest";
import { emptyConversation } from "./conversation-state.ts";
import { nextStep, SCENARIOS, scenarioTexts } from "./scenarios.ts";
import { messageOnItsWay, type ShownMessage } from "./shown-message.ts";

function after(...questions: string[]) {
  const messages = questions.map((text, index): ShownMessage => {
    const turn = { id: `turn-${index}`, mode: "stateless", provider: "mirror", model: "mirror" } as const;
    return { ...messageOnItsWay(text, text), turn: { ...turn, status: "completed" } };
  });
  return { ...emptyConversation("s"), messages };
}

test.each(SCENARIOS.map(scenarioTexts))(
  "$title: offers the question, then the comparison",
  ({ message, next }) => {
    expect(nextStep(after(message))).toEqual({ ask: next, mode: "stateless" });
    expect(nextStep(after(message, next.message))).toEqual({ compare: "turn-1", mode: "stateless" });
    expect(nextStep(after(message, next.message, "More"))).toBeNull();
    expect(nextStep(after(message, "Something else"))).toBeNull();
  },
);

test("offers nothing in other conversations, or before the answer is whole", () => {
  expect(nextStep(after())).toBeNull();
  expect(nextStep(after("Hello"))).toBeNull();
  const { messages, ...rest } = after("My name is Bob");
  const failed = messages.map((it) => ({
    ...it,
    turn: it.turn && { ...it.turn, status: "failed" as const },
  }));
  expect(nextStep({ ...rest, messages: failed })).toBeNull();
});
