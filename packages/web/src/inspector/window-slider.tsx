import { useId } from "react";
import { t } from "../texts/texts.ts";
import { nearestStop, SMALLEST_WINDOW, windowStops } from "./window-scale.ts";

interface WindowSliderProps {
  /** null: the model's own window. */
  tokens: number | null;
  modelWindow: number;
  onChange: (tokens: number | null) => void;
}

/** Sets a context window smaller than the model's, so that older messages no longer fit. */
export function WindowSlider({ tokens, modelWindow, onChange }: WindowSliderProps) {
  const id = useId();
  const value = Math.min(tokens ?? modelWindow, modelWindow);
  if (modelWindow <= SMALLEST_WINDOW) return null;
  const stops = windowStops(modelWindow);
  const last = stops.length - 1;
  return (
    <div className="window-slider">
      <label htmlFor={id}>{t.inspector.window}</label>
      <output className="figures" htmlFor={id}>
        {t.common.tokens(value)}
      </output>
      <input
        id={id}
        type="range"
        min={0}
        max={last}
        step={1}
        value={nearestStop(stops, value)}
        aria-valuetext={t.common.tokens(value)}
        onChange={(event) => {
          const index = Number(event.target.value);
          onChange(index >= last ? null : (stops[index] ?? null));
        }}
      />
      <p>
        {tokens === null ? (
          t.inspector.windowIsModels
        ) : (
          <button type="button" className="button-text" onClick={() => onChange(null)}>
            {t.inspector.backToModels(modelWindow)}
          </button>
        )}
      </p>
    </div>
  );
}
