import type { Mode } from "@redis-memory-magic/protocol";

/** A step of the tour: the message, its settings and the explanation. */
export interface TourStep {
  readonly scenario: string;
  /** Shown before the message is sent. */
  readonly intro: string;
  /** Shown after the answer: what was sent, and what that explains. */
  readonly outro: string;
  /** True if the step starts a new session. */
  readonly isFirst: boolean;
  readonly mode: Mode;
  readonly message: string;
  /** Uses another available provider than the step before. */
  readonly otherProvider?: true;
  readonly contextTokens?: number;
}

/** Too small for both the name and the long message after it. */
const SMALL_WINDOW = 160;
const LONG_MESSAGE =
  "Now something else, and rather long, so that it fills the window: a list in Redis keeps its entries in order, " +
  "one is added at the end in a single step, and the newest are read in a single step too, however long the list " +
  "has become. Say in a few words what you think of that.";

export const TOUR: readonly TourStep[] = [
  {
    scenario: "Without memory",
    intro: "Memory is off. Say your name: the composer tells that this message is sent alone.",
    outro: "Your message was stored in Redis, and sent. Now ask for the name.",
    isFirst: true,
    mode: "stateless",
    message: "My name is Alice",
  },
  {
    scenario: "Without memory",
    intro: "Ask for it. The dots above are dashed: those messages are stored, and not sent.",
    outro: "The model was sent your question and nothing else. It cannot know, or it makes something up.",
    isFirst: false,
    mode: "stateless",
    message: "What's my name?",
  },
  {
    scenario: "With memory",
    intro: "A new session, memory on. Say your name.",
    outro: "Nothing came before, so one message was sent, as without memory.",
    isFirst: true,
    mode: "stateful",
    message: "My name is Bob",
  },
  {
    scenario: "With memory",
    intro: "Ask for it. The line is solid now: all of it is sent again, with your question at its end.",
    outro: "The model remembers nothing. It was sent the name, a moment ago, by this page's server.",
    isFirst: false,
    mode: "stateful",
    message: "What's my name?",
  },
  {
    scenario: "Another provider, the same memory",
    intro: "Ask somebody else, in the middle of the conversation.",
    outro: "The history is in Redis, not in a model: whoever is asked is sent it.",
    isFirst: false,
    mode: "stateful",
    message: "And you, do you know my name?",
    otherProvider: true,
  },
  {
    scenario: "Memory switched on later",
    intro: "A new session, memory off. Say what you love.",
    outro: "Stored, as always. Now memory is switched on.",
    isFirst: true,
    mode: "stateless",
    message: "I love pizza",
  },
  {
    scenario: "Memory switched on later",
    intro: "The toggle moves, and the line takes hold of what was there all the time.",
    outro: "It was never lost: it was only not sent.",
    isFirst: false,
    mode: "stateful",
    message: "What food do I like?",
  },
  {
    scenario: "A full window forgets",
    intro: `A new session with a context window of only ${SMALL_WINDOW} tokens. Say your name.`,
    outro: "It fits, for now. See the bar in the composer.",
    isFirst: true,
    mode: "stateful",
    message: "My name is Carol",
    contextTokens: SMALL_WINDOW,
  },
  {
    scenario: "A full window forgets",
    intro: "Now a long message, which takes the room.",
    outro: "It takes most of the room. What no longer fits beside it is left out, the oldest first.",
    isFirst: false,
    mode: "stateful",
    message: LONG_MESSAGE,
    contextTokens: SMALL_WINDOW,
  },
  {
    scenario: "A full window forgets",
    intro: "Ask for the name. The rule above says what is left out, and why.",
    outro: "Memory was on, and the name is still in Redis. It was not sent: there was no room for it.",
    isFirst: false,
    mode: "stateful",
    message: "What's my name?",
    contextTokens: SMALL_WINDOW,
  },
];
