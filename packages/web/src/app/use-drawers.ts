import { useCallback, useState } from "react";
import { useMediaQuery } from "../panel/use-media-query.ts";
import { changeSettings, useSettings } from "../settings/settings.ts";

/** The X-ray: a column that is remembered to be open, or a drawer that is closed at first. */
export function useXrayPanel() {
  const isDrawer = useMediaQuery("(max-width: 1099px)");
  const { xrayOpen } = useSettings();
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const setOpen = useCallback(
    (open: boolean) => {
      if (isDrawer) setDrawerOpen(open);
      else changeSettings({ xrayOpen: open });
    },
    [isDrawer],
  );
  return { isDrawer, isOpen: isDrawer ? isDrawerOpen : xrayOpen, setOpen };
}

/** The sessions: a column, or on a phone a drawer. */
export function useSessionsPanel() {
  const isDrawer = useMediaQuery("(max-width: 699px)");
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  return { isDrawer, isOpen: !isDrawer || isDrawerOpen, setOpen: setDrawerOpen };
}
