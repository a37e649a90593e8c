import type { Session } from "@redis-memory-magic/protocol";
import { useMemo } from "react";
import { toastErrors } from "../api/toast-errors.ts";
import { formatTimeSpan } from "../texts/format.ts";
import { t } from "../texts/texts.ts";
import { showToast } from "../ui/toasts.ts";
import { saveSession } from "./session-files.ts";
import type { SessionActions } from "./session-item.tsx";
import type { SessionList } from "./session-list.ts";
import { titleOf } from "./session-title.ts";
import { TTL_OPTIONS } from "./ttl-options.ts";
import { removeWithUndo } from "./use-session-list.ts";

interface OpenSession {
  readonly id: string;
  readonly open: (id: string) => void;
  readonly openNew: () => void;
}

/** Returns the actions of a listed session. */
export function useSessionActions(
  list: SessionList,
  { id: openId, open, openNew }: OpenSession,
): SessionActions {
  return useMemo(
    () => ({
      onRename: (session, title) => void toastErrors(() => list.rename(session.id, title)),
      onExtend: (session, seconds) =>
        void toastErrors(async () => {
          await list.extend(session.id, seconds);
          showToast(t.sessions.kept(titleOf(session), timeOf(seconds)));
        }),
      onExport: (session, format) => void toastErrors(() => saveSession(session, format)),
      onDelete(sessions: readonly Session[], title: string) {
        const ids = sessions.map(({ id }) => id);
        const wasOpen = ids.includes(openId);
        removeWithUndo(list, ids, title, () => wasOpen && open(openId));
        if (wasOpen) openNew();
      },
    }),
    [list, openId, open, openNew],
  );
}

function timeOf(seconds: number): string {
  const option = TTL_OPTIONS.find((option) => option.seconds === seconds);
  return option === undefined ? formatTimeSpan(seconds) : t.sessions.ttls[option.name];
}
