import { useId } from "react";
import { formatCount } from "../ui/format.ts";
import { SMALLEST_WINDOW, sliderPosition, windowAt } from "./window-scale.ts";

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
  return (
    <div className="window-slider">
      <label htmlFor={id}>Context window</label>
      <output className="figures" htmlFor={id}>
        {formatCount(value)} tokens
      </output>
      <input
        id={id}
        type="range"
        min={0}
        max={100}
        step={1}
        value={sliderPosition(value, modelWindow)}
        aria-valuetext={`${formatCount(value)} tokens`}
        onChange={(event) => {
          const position = Number(event.target.value);
          onChange(position >= 100 ? null : windowAt(position, modelWindow));
        }}
      />
      <p>
        {tokens === null ? (
          "The model's own. Make it smaller and see what is forgotten."
        ) : (
          <button type="button" className="button-text" onClick={() => onChange(null)}>
            Back to the model's {formatCount(modelWindow)}
          </button>
        )}
      </p>
    </div>
  );
}
