import { type ReactNode, useEffect, useEffectEvent, useRef } from "react";
import type { Chat } from "../chat/state/use-chat.ts";
import { shorten } from "../texts/format.ts";
import { t } from "../texts/later.ts";
import { Icon } from "../ui/icon.tsx";
import { prepareStep, runStep } from "./run-step.ts";
import { stepTexts, TOUR } from "./tour-steps.ts";
import { TourSummary } from "./tour-summary.tsx";
import type { Tour } from "./use-tour.ts";
import "./tour-card.css";

interface TourCardProps {
  tour: Tour;
  chat: Chat;
  onCompare: () => void;
  onSlider: () => void;
  onDelete: (sessionIds: readonly string[]) => void;
}

/** Shows the current step: what to do, and afterwards what it has shown. */
export function TourCard({ tour, chat, onCompare, onSlider, onDelete }: TourCardProps) {
  const { live, load, messages } = chat.state;
  const { index, isDone } = tour;
  const step = index === null ? undefined : TOUR[index];
  const isReady = chat.choice !== null;
  const prepare = useEffectEvent(() => step && !isDone && prepareStep(chat, step));
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs once for a step; later changes are the user's.
  useEffect(() => {
    if (isReady) prepare();
  }, [index, isReady]);
  if (index === null) return null;
  if (step === undefined) {
    const thenLeave = (action: () => void) => () => {
      tour.leave();
      action();
    };
    return (
      <TourFrame>
        <header>
          <strong>{t.tour.ended}</strong>
          <span />
          <button type="button" className="button-icon" aria-label={t.tour.leave} onClick={tour.leave}>
            <Icon name="close" size={15} />
          </button>
        </header>
        <TourSummary
          onCompare={thenLeave(onCompare)}
          onSlider={thenLeave(onSlider)}
          onDelete={thenLeave(() => onDelete(tour.sessions))}
        />
      </TourFrame>
    );
  }
  const { title, intro, outro, message } = stepTexts(step);
  const sent = messages.at(-1)?.turn?.sent_messages;
  const next = TOUR[index + 1];
  const canSend = chat.provider?.available === true && load !== "loading" && live === null;
  const isAnswered = isDone && live === null;
  return (
    <TourFrame>
      <header>
        <strong>{title}</strong>
        <span className="figures">{t.tour.position(index + 1, TOUR.length)}</span>
        <button type="button" className="button-icon" aria-label={t.tour.leave} onClick={tour.leave}>
          <Icon name="close" size={15} />
        </button>
      </header>
      <p aria-live="polite">
        {isAnswered ? `${sent === undefined ? "" : t.tour.sent(sent)} ${outro}` : intro}
      </p>
      {isAnswered ? (
        <button
          type="button"
          className="button button-small button-strong"
          onClick={() => tour.go(index + 1, next?.isFirst === true)}
        >
          {next === undefined ? t.tour.end : t.tour.next}
        </button>
      ) : (
        <button
          type="button"
          className="button button-small button-strong"
          disabled={!canSend}
          onClick={() => runStep(chat, message, tour.done)}
        >
          {live === null ? t.tour.send(shorten(message)) : t.tour.answering}
        </button>
      )}
    </TourFrame>
  );
}

/** The same box as the composer's below it. */
function TourFrame({ children }: { children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  // On a very low screen the page scrolls, and it would begin out of sight.
  useEffect(() => {
    // Without the braces it would return what newer browsers return: a promise, which React takes for a clean-up.
    frame.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={frame} className="composer-area tour-area">
      <div className="composer-frame">
        <section className="tour" aria-label={t.common.guidedTour}>
          {children}
        </section>
      </div>
    </div>
  );
}
