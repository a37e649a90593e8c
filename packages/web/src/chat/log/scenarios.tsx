import type { Mode } from "@redis-memory-magic/protocol";
import { Alert } from "../../ui/alert.tsx";
import { Logo } from "../../ui/icon.tsx";
import "./scenarios.css";

interface Scenario {
  readonly title: string;
  readonly steps: string;
  readonly mode: Mode;
  readonly message: string;
}

const SCENARIOS: readonly Scenario[] = [
  {
    title: "Without memory",
    steps: "Say your name with memory off, then ask for it. The model cannot know.",
    mode: "stateless",
    message: "My name is Alice",
  },
  {
    title: "With memory",
    steps: "Say your name with memory on, then ask for it. Now the model is sent both.",
    mode: "stateful",
    message: "My name is Bob",
  },
  {
    title: "Another provider, the same memory",
    steps: "Talk to one provider, switch to another and go on. The history is in Redis, not in the model.",
    mode: "stateful",
    message: "I am learning about Redis streams",
  },
  {
    title: "Memory switched on later",
    steps: "Say something with memory off, switch it on and ask. It was stored all the time.",
    mode: "stateless",
    message: "I love pizza",
  },
];

interface ScenariosProps {
  /** True if the session was opened by a link and Redis does not have it. */
  isMissing: boolean;
  onTry: (scenario: { mode: Mode; message: string }) => void;
}

/** The empty conversation: four scenarios that show what memory does. */
export function Scenarios({ isMissing, onTry }: ScenariosProps) {
  return (
    <div className="scenarios">
      {isMissing && (
        <Alert tone="warn" icon="clock">
          Redis has nothing of this session: its time ran out, or it was deleted. What you write now begins it
          anew.
        </Alert>
      )}
      <Logo size={36} />
      <h2>A model knows what it is sent. Nothing else.</h2>
      <p>
        Every message is stored in Redis. The toggle above decides whether the model is sent them. Watch the
        line on the left: a filled dot is sent, a dashed one is not.
      </p>
      <ul>
        {SCENARIOS.map(({ title, steps, mode, message }) => (
          <li key={title}>
            <button type="button" className="scenario" onClick={() => onTry({ mode, message })}>
              <strong>{title}</strong>
              <span>{steps}</span>
              <q>{message}</q>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
