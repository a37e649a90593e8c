import { t } from "../../texts/later.ts";
import { estimateTokens } from "../state/estimate-tokens.ts";
import "./thought.css";

/** What the model thought before it answered, folded. It is stored, and no later turn is sent it. */
export function Thought({ text }: { text: string }) {
  return (
    <details className="thought">
      <summary>{t.rows.thought(estimateTokens(text))}</summary>
      <p dir="auto">{text}</p>
    </details>
  );
}
