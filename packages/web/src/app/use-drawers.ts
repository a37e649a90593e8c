import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { messageTarget } from "../chat/state/message-target.ts";
import { changeSettings, useSettings } from "../chat/state/settings.ts";
import { useMediaQuery } from "../ui/use-media-query.ts";

/** The inspector: a column whose state is remembered, or a drawer that starts closed. */
export function useInspectorPanel() {
  const isDrawer = useMediaQuery("(max-width: 1099px)");
  const { inspectorOpen } = useSettings();
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const setOpen = useCallback(
    (open: boolean) => {
      if (isDrawer) setDrawerOpen(open);
      else changeSettings({ inspectorOpen: open });
    },
    [isDrawer],
  );
  const { target } = useSyncExternalStore(messageTarget.subscribe, messageTarget.get);
  useEffect(() => {
    // The drawer would cover the message that is to be shown.
    if (target !== null) setDrawerOpen(false);
  }, [target]);
  return { isDrawer, isOpen: isDrawer ? isDrawerOpen : inspectorOpen, setOpen };
}

/** The list of sessions: a column, or a drawer on narrow screens. */
export function useSessionsPanel() {
  const isDrawer = useMediaQuery("(max-width: 899px)");
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  return { isDrawer, isOpen: !isDrawer || isDrawerOpen, setOpen: setDrawerOpen };
}
