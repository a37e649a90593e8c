import type { BranchPoint } from "../state/branches.ts";
import { sessionLink } from "../state/session-id.ts";
import "./branch-switch.css";

/** "‹ 2 / 3 ›": the ways that the conversation goes on from here. Each is a session of its own. */
export function BranchSwitch({ point: { options, current } }: { point: BranchPoint }) {
  return (
    <nav className="branches figures" aria-label="Branches">
      <Way id={options[current - 1]} label="Previous branch" sign="‹" />
      <span>
        {current + 1} / {options.length}
      </span>
      <Way id={options[current + 1]} label="Next branch" sign="›" />
    </nav>
  );
}

function Way({ id, label, sign }: { id: string | undefined; label: string; sign: string }) {
  if (id === undefined) return <span className="branch-way">{sign}</span>;
  return (
    <a className="branch-way" href={sessionLink(id)} aria-label={label} title={label}>
      {sign}
    </a>
  );
}
