import type { ContextReport, ProviderStatus } from "@redis-memory-magic/protocol";
import { t } from "../../texts/texts.ts";
import type { Choice } from "../state/choice.ts";
import { countRecalled, countSent, tokenText } from "../state/memory-line.ts";
import type { Pricing } from "../state/use-pricing.ts";
import { ContextBar } from "./context-bar.tsx";

interface SendingSummaryProps {
  choice: Choice;
  /** What the next turn sends; null while the server counts, or if it cannot. */
  preview: ContextReport | null;
  /** True if messages come before the next one. */
  hasHistory: boolean;
  /** False while it is unknown what Redis has of the session. */
  isLoaded: boolean;
  provider: ProviderStatus;
  pricing: Pricing;
}

/** "Sends these 5 messages · 148 tokens · of 4,096 · $0.00004". */
export function SendingSummary({
  choice,
  preview,
  hasHistory,
  isLoaded,
  provider,
  pricing,
}: SendingSummaryProps) {
  if (preview === null) {
    if (choice.mode === "stateful" && !isLoaded) return <span>{t.composer.unknown}</span>;
    return (
      <span>
        {choice.mode === "stateful" && hasHistory ? t.composer.sendsWhatFits : t.composer.sends(1, 0)}
      </span>
    );
  }
  const { tokens, context_window } = preview;
  const model = choice.model ?? provider.default_model;
  const counts = { sent: tokens.counted, cached: 0, output: 0 };
  const cost = pricing.format({ provider: choice.provider, model }, counts);
  return (
    <>
      <span>{t.composer.sends(countSent(preview), countRecalled(preview))}</span>
      <span>{tokenText(tokens)}</span>
      <span className="composer-window">
        <ContextBar report={preview} /> {t.composer.ofWindow(context_window)}
      </span>
      {cost !== null && cost !== t.common.free && <span>{pricing.withModel(cost)}</span>}
    </>
  );
}
