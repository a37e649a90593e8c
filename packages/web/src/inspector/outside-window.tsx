import type { ContextReport } from "@redis-memory-magic/protocol";
import { Recalled } from "./recalled.tsx";
import { TableOfContents } from "./table-of-contents.tsx";

interface OutsideWindowProps {
  sessionId: string;
  report: ContextReport;
  isNext: boolean;
  isOpen: boolean;
}

/** What was sent of messages that did not fit: what stands for them, and what was recalled. */
export function OutsideWindow({ sessionId, report, isNext, isOpen }: OutsideWindowProps) {
  return (
    <>
      <TableOfContents sessionId={sessionId} report={report} />
      <Recalled sessionId={sessionId} report={report} isNext={isNext} isOpen={isOpen} />
    </>
  );
}
