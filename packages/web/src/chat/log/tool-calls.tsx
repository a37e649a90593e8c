import { t } from "../../texts/later.ts";
import type { ToolCall } from "../stream/live-turn.ts";
import "./tool-calls.css";

/** The functions that a model has called, with what they were called with. */
export function ToolCalls({ calls }: { calls: readonly ToolCall[] }) {
  return calls.map(({ id, name, arguments: args }) => (
    <ToolCard key={id} title={t.rows.toolCall} name={name} json={args} />
  ));
}

/** What a function returned; the name is null if its call is not loaded. */
export function ToolOutput({ name, output }: { name: string | null; output: string }) {
  return <ToolCard title={t.rows.toolOutput} name={name} json={output} />;
}

/** A longer text is folded. */
const LONG_CHARS = 600;

function ToolCard({ title, name, json }: { title: string; name: string | null; json: string }) {
  const text = indented(json);
  return (
    <details className="tool" open={text.length <= LONG_CHARS}>
      <summary>
        {title} {name !== null && <code>{name}</code>}
      </summary>
      <pre dir="auto">{text}</pre>
    </details>
  );
}

/** JSON with line breaks; other text as it is. */
function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
