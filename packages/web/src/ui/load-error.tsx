import { useEffect, useEffectEvent } from "react";
import { t } from "../texts/texts.ts";
import { showToast } from "./toasts.ts";

/** Shown in place of a part that could not be fetched: reports it and closes what was to be opened. */
export function LoadError({ onClose }: { onClose?: (() => void) | undefined }) {
  const tell = useEffectEvent(() => {
    showToast(t.common.partNotLoaded, { tone: "bad" });
    onClose?.();
  });
  useEffect(() => tell(), []);
  return null;
}
