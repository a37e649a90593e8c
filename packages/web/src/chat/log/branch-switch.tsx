import { t } from "../../texts/later.ts";
import type { BranchPoint } from "../state/branches.ts";
import { sessionLink } from "../state/session-id.ts";
import "./branch-switch.css";

/** "‹ 2 / 3 ›": the branches at this message. Each one is a session. */
export function BranchSwitch({ point: { options, current } }: { point: BranchPoint }) {
  return (
    <nav className="branches figures" aria-label={t.rows.branches}>
      <BranchLink id={options[current - 1]} label={t.rows.previousBranch} sign="‹" />
      <span>
        {current + 1} / {options.length}
      </span>
      <BranchLink id={options[current + 1]} label={t.rows.nextBranch} sign="›" />
    </nav>
  );
}

function BranchLink({ id, label, sign }: { id: string | undefined; label: string; sign: string }) {
  if (id === undefined) return <span className="branch-link">{sign}</span>;
  return (
    <a className="branch-link" href={sessionLink(id)} aria-label={label} title={label}>
      {sign}
    </a>
  );
}
