import { t } from "../texts/later.ts";

interface TourSummaryProps {
  onCompare: () => void;
  onSlider: () => void;
  onDelete: () => void;
}

/** The end of the tour: what was shown, and what to do with it. */
export function TourSummary({ onCompare, onSlider, onDelete }: TourSummaryProps) {
  return (
    <>
      <p>{t.tour.summary}</p>
      <p className="tour-actions">
        <button type="button" className="button button-small" onClick={onCompare}>
          {t.common.sideBySide}
        </button>
        <button type="button" className="button button-small" onClick={onSlider}>
          {t.tour.trySlider}
        </button>
        <button type="button" className="button button-small" onClick={onDelete}>
          {t.tour.deleteSessions}
        </button>
      </p>
    </>
  );
}
