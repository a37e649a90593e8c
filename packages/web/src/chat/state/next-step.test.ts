import { expect, test } from "vitest";
import { emptyConversation } from "./conversation-state.ts";
import { messagesOf, nextStep } from "./next-step.ts";
import { SCENARIOS } from "./scenarios.ts";
import { messageOnItsWay, type ShownMessage } from "./shown-message.ts";

function after(...sent: string[]) {
  const messages = sent.map((text, index): ShownMessage => {
    const turn = { id: `turn-${index}`, mode: "stateless", provider: "mirror", model: "mirror" } as const;
    return { ...messageOnItsWay(text, text), turn: { ...turn, status: "completed" } };
  });
  return { ...emptyConversation("s"), messages };
}

test.each(SCENARIOS)("$id: offers each next message, then the comparison", ({ id, ...scenario }) => {
  const all = messagesOf({ id });
  for (let sent = 1; sent < all.length; sent++) {
    const isQuestion = sent === all.length - 1;
    expect(nextStep(after(...all.slice(0, sent)))).toMatchObject({
      send: all[sent],
      isQuestion,
      mode: isQuestion ? scenario.questionMode : scenario.mode,
      isForOther: isQuestion && scenario.isForOther === true,
    });
  }
  expect(nextStep(after(...all))).toEqual({ compare: `turn-${all.length - 1}`, mode: "stateless" });
  expect(nextStep(after(...all, "More"))).toBeNull();
  expect(nextStep(after(all[0] ?? "", "Something else"))).toBeNull();
});

test("offers nothing in other conversations, or before the answer is whole", () => {
  expect(nextStep(after())).toBeNull();
  expect(nextStep(after("Hello"))).toBeNull();
  const { messages, ...rest } = after(...messagesOf({ id: "with" }).slice(0, 1));
  const failed = messages.map((it) => ({
    ...it,
    turn: it.turn && { ...it.turn, status: "failed" as const },
  }));
  expect(nextStep({ ...rest, messages: failed })).toBeNull();
});
