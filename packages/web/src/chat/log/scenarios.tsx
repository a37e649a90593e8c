import { t } from "../../texts/texts.ts";
import { Alert } from "../../ui/alert.tsx";
import { Logo } from "../../ui/icon.tsx";
import { SCENARIOS, type Scenario } from "../state/scenarios.ts";
import "./scenarios.css";

interface ScenariosProps {
  /** True if the session was opened by a link and Redis does not have it. */
  isMissing: boolean;
  onTry: (scenario: Scenario, message: string) => void;
}

/** The empty conversation: scenarios that show what memory does. */
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
        {SCENARIOS.map((scenario) => {
          const { title, steps, messages } = t.scenarios.list[scenario.id];
          return (
            <li key={scenario.id}>
              <button type="button" className="scenario" onClick={() => onTry(scenario, messages[0] ?? "")}>
                <strong>{title}</strong>
                <span>{steps}</span>
                <q>{messages[0]}</q>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
