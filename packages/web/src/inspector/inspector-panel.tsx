import type { ChatRequest, ContextReport, ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";
import { memo, type ReactNode, useEffect, useRef } from "react";
import { ContextBar } from "../chat/composer/context-bar.tsx";
import { PricedAs } from "../chat/composer/priced-as.tsx";
import { truncationText } from "../chat/state/answer-end.ts";
import type { SessionTotals } from "../chat/state/session-totals.ts";
import type { Pricing } from "../chat/state/use-pricing.ts";
import { t } from "../texts/texts.ts";
import { Icon } from "../ui/icon.tsx";
import { lazyComponent } from "../ui/lazy-component.tsx";
import { LoadError } from "../ui/load-error.tsx";
import { Figures } from "./figures.tsx";
import { PayloadBlocks } from "./payload-blocks.tsx";
import { RawRequest } from "./raw-request.tsx";
import { StorageKeys } from "./storage-keys.tsx";
import { TotalsFoot } from "./totals-foot.tsx";
import { TurnTimes } from "./turn-times.tsx";
import { WindowSlider } from "./window-slider.tsx";
import "./inspector.css";

/** What the panel shows: a past turn or the next one. */
export interface InspectorSubject {
  readonly kind: "turn" | "next";
  readonly provider: ProviderId;
  readonly model: string;
  /** null while it is fetched. */
  readonly report: ContextReport | null;
  /** True for the next turn while the draft is empty. */
  readonly isOpen: boolean;
}

interface InspectorPanelProps {
  sessionId: string;
  subject: InspectorSubject | null;
  providers: readonly ProviderStatus[];
  pricing: Pricing;
  totals: SessionTotals;
  /** True if the totals cover only the loaded messages. */
  totalsArePartial: boolean;
  /** The request to this server that the subject is, or would be. */
  chatRequest: () => ChatRequest;
  /** How this session is answered, to be changed. */
  settings: ReactNode;
  contextTokens: number | null;
  onContextTokens: (tokens: number | null) => void;
  /** Changes when the session's keys in Redis may have changed; null: it has none. */
  history: string | null;
  /** False while it is unknown what Redis has of the session. */
  isLoaded: boolean;
  onShowNext: () => void;
  onClose: () => void;
}

/** A first message has nothing outside the window. */
const OutsideWindow = lazyComponent(async () => (await import("./outside-window.tsx")).OutsideWindow, {
  Failed: ({ onRetry }) => <LoadError onRetry={onRetry} inPlace />,
});

const isOutsideWindow = ({ kind }: ContextReport["parts"][number]) => kind === "summary" || kind === "recall";

/** Shows exactly what the model is or was sent. Memoised: a streaming answer does not render it. */
export const InspectorPanel = memo(function InspectorPanel(props: InspectorPanelProps) {
  const { sessionId, subject, providers, pricing } = props;
  const isNext = subject?.kind !== "turn";
  // Before a report needs it, so that nothing moves.
  const isUsed = props.history !== null || subject?.isOpen === false;
  useEffect(() => {
    if (isUsed) OutsideWindow.preload();
  }, [isUsed]);
  return (
    <aside className="inspector" aria-label={t.header.xray}>
      <header className="inspector-head">
        <h2>{t.inspector.titles[isNext ? "next" : "turn"]}</h2>
        {!isNext && (
          <button type="button" className="button-text" onClick={props.onShowNext}>
            {t.inspector.showNext}
          </button>
        )}
        <button type="button" className="button-icon" aria-label={t.inspector.close} onClick={props.onClose}>
          <Icon name="close" size={16} />
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <section className="inspector-body" tabIndex={0} aria-label={t.inspector.report}>
        {/* Outside of the report: it must keep the focus while the server counts anew. */}
        {isNext && subject !== null && (
          <WindowSlider
            tokens={props.contextTokens}
            modelWindow={windowOf(providers, subject)}
            onChange={props.onContextTokens}
          />
        )}
        {isNext && props.settings}
        {subject === null || subject.report === null ? (
          <p className="inspector-nothing">{isNext ? t.inspector.notCounted : t.inspector.fetching}</p>
        ) : (
          <Report {...props} subject={subject} report={subject.report} />
        )}
        <StorageKeys sessionId={sessionId} history={props.history} isLoaded={props.isLoaded} />
        <PricedAs providers={providers} />
      </section>
      <TotalsFoot totals={props.totals} isPartial={props.totalsArePartial} pricing={pricing} />
    </aside>
  );
});

/** Windows that the server does not know are of this size for it, too. */
const UNKNOWN_WINDOW = 4_096;

function windowOf(providers: readonly ProviderStatus[], { provider, model }: InspectorSubject): number {
  const { models } = providers.find(({ id }) => id === provider) ?? {};
  return models?.find(({ id }) => id === model)?.context_window ?? UNKNOWN_WINDOW;
}

interface ReportProps extends InspectorPanelProps {
  subject: InspectorSubject;
  report: ContextReport;
}

function Report({ subject, report, pricing, sessionId, chatRequest }: ReportProps) {
  const { kind, provider } = subject;
  const payload = useRef<HTMLDivElement>(null);
  // What is new in a turn is at the end of what it was sent.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when another report is shown.
  useEffect(() => {
    if (kind === "turn") payload.current?.scrollIntoView({ block: "end" });
  }, [kind, report]);
  return (
    <>
      {report.truncation !== undefined && (
        <p className="inspector-alarm" role="alert">
          <Icon name="warning" size={16} />
          <span>{truncationText(report.truncation)}</span>
        </p>
      )}
      <Figures report={report} subject={subject} pricing={pricing} />
      <ContextBar report={report} hasLegend />
      {report.parts.some(isOutsideWindow) && (
        <OutsideWindow
          sessionId={sessionId}
          report={report}
          isNext={kind === "next"}
          isOpen={subject.isOpen}
        />
      )}
      <div ref={payload} className="inspector-payload">
        <PayloadBlocks report={report} kind={kind} isLastOpen={subject.isOpen} />
      </div>
      {kind === "turn" && <TurnTimes report={report} />}
      <RawRequest report={report} provider={provider} chatRequest={chatRequest} />
    </>
  );
}
