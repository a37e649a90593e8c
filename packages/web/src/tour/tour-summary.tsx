interface TourSummaryProps {
  onCompare: () => void;
  onSlider: () => void;
  onDelete: () => void;
}

/** The end of the tour: what was shown, and what to do with it. */
export function TourSummary({ onCompare, onSlider, onDelete }: TourSummaryProps) {
  return (
    <>
      <p>
        A model knows what it is sent, and nothing else. Memory means that a server sends it the conversation
        again, from Redis, with every question. What does not fit into the context window is not sent, and the
        model cannot know it.
      </p>
      <p className="tour-actions">
        <button type="button" className="button button-small" onClick={onCompare}>
          Side by side
        </button>
        <button type="button" className="button button-small" onClick={onSlider}>
          Try the slider
        </button>
        <button type="button" className="button button-small" onClick={onDelete}>
          Delete the tour's sessions
        </button>
      </p>
    </>
  );
}
