import { useEffect, useEffectEvent } from "react";
import { notify } from "../notices/notices.ts";

/** In place of a part that could not be fetched: says so, and closes what was to be opened. */
export function NotLoaded({ onClose }: { onClose?: (() => void) | undefined }) {
  const tell = useEffectEvent(() => {
    notify("This part of the page could not be loaded. Check the network, then reload the page.", {
      tone: "bad",
    });
    onClose?.();
  });
  useEffect(() => tell(), []);
  return null;
}
