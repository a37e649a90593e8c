import type { Session } from "@redis-memory-magic/protocol";
import { serverNow } from "../api/server-clock.ts";
import { formatClock } from "../ui/format.ts";
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
      label={`Expires in ${formatClock(left)}: extend`}
      buttonClass={`ttl ${runsOut ? "ttl-runs-out" : ""}`}
      button={
        <>
          <Icon name="clock" size={15} />
          <span className="figures">{formatClock(left)}</span>
          <span className="ttl-extend">· Extend</span>
        </>
      }
    >
      <p className="menu-title">Keep after each use for</p>
      {TTL_OPTIONS.map(({ label, seconds }) => (
        <MenuItem key={seconds} onClick={() => onExtend(seconds)}>
          {label}
        </MenuItem>
      ))}
    </Menu>
  );
}
