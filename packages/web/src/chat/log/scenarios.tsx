import type { Mode } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import { Alert } from "../../ui/alert.tsx";
import { Logo } from "../../ui/icon.tsx";
import { SCENARIOS, scenarioTexts } from "../state/scenarios.ts";
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
          {t.scenarios.missing}
        </Alert>
      )}
      <Logo size={36} />
      <h2>{t.scenarios.title}</h2>
      <p>{t.scenarios.intro}</p>
      <ul>
        {SCENARIOS.map(scenarioTexts).map(({ id, title, steps, mode, message }) => (
          <li key={id}>
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
