import type { Session } from "@redis-memory-magic/protocol";
import { serverNow } from "../api/server-clock.ts";
import { formatClock } from "../texts/format.ts";
import { t } from "../texts/texts.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { secondsUntil } from "../ui/seconds-until.ts";
import { useNow } from "../ui/use-now.ts";
import { RUNS_OUT_SECONDS, TTL_OPTIONS } from "./ttl-options.ts";
import "./ttl-menu.css";

/** The session's TTL, counting down, and a menu to extend it. */
export function TtlMenu({ session, onExtend }: { session: Session; onExtend: (seconds: number) => void }) {
  const now = useNow(1000, serverNow);
  const left = secondsUntil(session.expires_at, now);
  const runsOut = left < RUNS_OUT_SECONDS;
  return (
    <Menu
      label={t.sessions.expiresIn(formatClock(left))}
      buttonClass={`ttl ${runsOut ? "ttl-runs-out" : ""}`}
      button={
        <>
          <Icon name="clock" size={15} />
          <span className="figures">{formatClock(left)}</span>
          <span className="ttl-extend">· {t.sessions.extend}</span>
        </>
      }
    >
      <p className="menu-title">{t.sessions.keepAfterUse}</p>
      {TTL_OPTIONS.map(({ name, seconds }) => (
        <MenuItem key={seconds} onClick={() => onExtend(seconds)}>
          {t.sessions.ttls[name]}
        </MenuItem>
      ))}
    </Menu>
  );
}
