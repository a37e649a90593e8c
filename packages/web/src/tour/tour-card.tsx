import { counted } from "../format/format.ts";
import { Icon } from "../icons/icon.tsx";
import { TOUR } from "./tour-steps.ts";
import type { Tour } from "./use-tour.ts";
import "./tour-card.css";

interface TourCardProps {
  tour: Tour;
  isRunning: boolean;
  canSend: boolean;
  /** How many messages the last answer was sent; undefined while that is not known. */
  sentMessages: number | undefined;
  onDo: () => void;
}

/** The step of the tour that one is at: what to do, then what it has shown. */
export function TourCard({ tour, isRunning, canSend, sentMessages, onDo }: TourCardProps) {
  const { step, number, isDone } = tour;
  if (step === null) return null;
  const isAnswered = isDone && !isRunning;
  return (
    <section className="tour" aria-label="Guided tour">
      <header>
        <strong>{step.scenario}</strong>
        <span className="figures">
          {number} of {TOUR.length}
        </span>
        <button type="button" className="button-icon" aria-label="Leave the tour" onClick={tour.leave}>
          <Icon name="close" size={15} />
        </button>
      </header>
      <p aria-live="polite">
        {isAnswered
          ? `${sentMessages === undefined ? "" : `${counted(sentMessages, "message")} sent. `}${step.outro}`
          : step.intro}
      </p>
      {isAnswered ? (
        <button type="button" className="button button-small button-strong" onClick={tour.next}>
          {number === TOUR.length ? "End of the tour" : "Next"}
        </button>
      ) : (
        <button
          type="button"
          className="button button-small button-strong"
          disabled={isRunning || !canSend}
          onClick={onDo}
        >
          {isRunning ? "Answering…" : `Send “${shortened(step.message)}”`}
        </button>
      )}
    </section>
  );
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 36)}…` : text);
