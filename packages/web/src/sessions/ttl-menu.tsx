import type { Session } from "@redis-memory-magic/protocol";
import { formatClock } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu, MenuItem } from "../ui/menu.tsx";
import { secondsUntil } from "../ui/seconds-until.ts";
import { useNow } from "../ui/use-now.ts";
import { RUNS_OUT_SECONDS, TTL_OPTIONS } from "./ttl-options.ts";
import "./ttl-menu.css";

/** How long the session has to live, counting down, and one click to make it longer. */
export function TtlMenu({ session, onExtend }: { session: Session; onExtend: (seconds: number) => void }) {
  const now = useNow(1000);
  const left = secondsUntil(session.expires_at, now);
  const runsOut = left < RUNS_OUT_SECONDS;
  return (
    <Menu
      label={`Expires in ${formatClock(left)}: extend`}
      buttonClass={`life ${runsOut ? "life-runs-out" : ""}`}
      button={
        <>
          <Icon name="clock" size={15} />
          <span className="figures">{formatClock(left)}</span>
          <span className="life-extend">· Extend</span>
        </>
      }
    >
      <p className="menu-title">Keep after each use for</p>
      {TTL_OPTIONS.map(({ words, seconds }) => (
        <MenuItem key={seconds} onClick={() => onExtend(seconds)}>
          {words}
        </MenuItem>
      ))}
    </Menu>
  );
}
