import type { Mode } from "@redis-memory-magic/protocol";
import { Alert } from "../../ui/alert.tsx";
import { Logo } from "../../ui/icon.tsx";
import { SCENARIOS } from "../state/scenarios.ts";
import "./scenarios.css";

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
          This session has expired or was deleted. Your next message starts it again.
        </Alert>
      )}
      <Logo size={36} />
      <h2>A model knows what it is sent. Nothing else.</h2>
      <p>
        Every message is stored in Redis. The switch above decides whether the model gets them. Watch the line
        on the left: a filled dot is sent, a dashed one is not.
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
