import { useEffect, useEffectEvent } from "react";
import { showToast } from "./toasts.ts";

/** Shown in place of a part that could not be fetched: reports it and closes what was to be opened. */
export function LoadError({ onClose }: { onClose?: (() => void) | undefined }) {
  const tell = useEffectEvent(() => {
    showToast("This part of the page could not be loaded. Check the network, then reload the page.", {
      tone: "bad",
    });
    onClose?.();
  });
  useEffect(() => tell(), []);
  return null;
}
