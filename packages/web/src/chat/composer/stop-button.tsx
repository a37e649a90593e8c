import { t } from "../../texts/texts.ts";
import { Icon } from "../../ui/icon.tsx";

interface StopButtonProps {
  onStop: () => void;
  disabled?: boolean;
}

/** Stands where the Send button was: the second click of a double click on that must not stop the answer. */
export function StopButton({ onStop, disabled = false }: StopButtonProps) {
  return (
    <button
      type="button"
      className="button"
      disabled={disabled}
      onClick={({ detail }) => detail < 2 && onStop()}
    >
      <Icon name="stop" size={16} /> {t.common.stop}
    </button>
  );
}
