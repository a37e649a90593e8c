import type { Session } from "@redis-memory-magic/protocol";
import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import {
  type RefObject,
  useCallback,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { flushSync } from "react-dom";
import { t } from "../../texts/later.ts";
import { Icon } from "../../ui/icon.tsx";
import { type BranchPoint, branchPoints, indexOfMessage } from "../state/branches.ts";
import type { ConversationState, Outcome } from "../state/conversation-state.ts";
import { isGone } from "../state/expiry.ts";
import type { MemoryLine } from "../state/memory-line.ts";
import { messageTarget } from "../state/message-target.ts";
import type { ShownMessage } from "../state/shown-message.ts";
import { Row, type RowMark } from "./row.tsx";
import type { RowActions } from "./row-actions.ts";
import "./print.css";

/** Up to this number every row is in the document, so that the browser's search finds it. */
const ALL_ROWS = 150;
const TYPICAL_ROW_PX = 96;
/** Closer to the end than this, new content scrolls into view. */
const AT_END_PX = 60;
/** What a user scrolls with. */
const BY_USER = ["wheel", "touchmove", "pointerdown", "keydown"] as const;
const SETTLING_FRAMES = 12;

export interface MessageListProps {
  state: ConversationState;
  line: MemoryLine;
  /** All known sessions, to find the branches of this one. */
  sessions: readonly Session[];
  actions: RowActions;
  onReachTop: () => void;
}

export function MessageList({ state, line, sessions, actions, onReachTop }: MessageListProps) {
  const { messages, sessionId } = state;
  const branches = useMemo(() => branchPoints(sessions, sessionId), [sessions, sessionId]);
  const frame = useRef<HTMLDivElement>(null);
  const isPrinted = useIsPrinted();
  const latest = useRef(messages);
  latest.current = messages;
  // A stable function: with a new one the list would measure all rows in each frame.
  const keyAt = useCallback((index: number) => latest.current[index]?.key ?? index, []);
  const virtualizer = useVirtualizer({
    count: messages.length,
    getScrollElement: () => frame.current,
    getItemKey: keyAt,
    estimateSize: () => TYPICAL_ROW_PX,
    rangeExtractor: isPrinted || messages.length <= ALL_ROWS ? everyRow : defaultRangeExtractor,
    overscan: 8,
    anchorTo: "end",
    followOnAppend: true,
    // Rows are laid out by the document: the list need not render again before the frame is drawn.
    useFlushSync: false,
  });

  const ownKey = messages.findLast(({ role }) => role === "user")?.key;
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when a session opens and when the user has sent a message.
  useLayoutEffect(() => virtualizer.scrollToEnd(), [sessionId, ownKey, virtualizer]);

  useShowTarget(state, (index) => virtualizer.scrollToIndex(index, { align: "center" }), onReachTop);

  useStayAtEnd(frame);

  const rows = virtualizer.getVirtualItems();
  const first = rows[0];
  const last = rows.at(-1);
  // Of what the list has measured: asking the document would lay it out in each frame of a streaming answer.
  const fromEnd =
    virtualizer.scrollRect === null
      ? 0
      : virtualizer.getTotalSize() - (virtualizer.scrollOffset ?? 0) - virtualizer.scrollRect.height;
  const isNearTop = first !== undefined && first.index < 10 && state.load === "ready";
  useEffect(() => {
    if (isNearTop && state.olderBefore !== null) onReachTop();
  }, [isNearTop, state.olderBefore, onReachTop]);

  return (
    <div className="log-frame">
      <h2 className="visually-hidden">{t.log.name}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <div className="log" ref={frame} role="log" aria-label={t.log.name} aria-live="off" tabIndex={0}>
        {state.olderBefore !== null && <p className="log-printed">{t.rows.earlierNotPrinted}</p>}
        <div
          className="log-rows"
          style={{
            paddingTop: first?.start ?? 0,
            paddingBottom: last === undefined ? 0 : virtualizer.getTotalSize() - last.end,
          }}
        >
          {rows.map(({ index, key }) => {
            const message = messages[index];
            if (message === undefined) return null;
            const isLast = index === messages.length - 1;
            const next = messages[index + 1];
            // An answer that is on its way has no turn yet.
            const turnEnds =
              message.turn?.id !== next?.turn?.id && !(next?.role === "assistant" && next.turn === undefined);
            return (
              <div key={key} className="log-row" ref={virtualizer.measureElement} data-index={index}>
                <Row
                  message={message}
                  mark={markOf(line, message)}
                  branch={branchAt(branches, message)}
                  ruleBefore={line.rule?.before === message.key ? line.rule.text : null}
                  ruleAfter={isLast && line.rule?.before === null ? line.rule.text : null}
                  gone={isGone(message) && !(next && isGone(next)) ? state.gone : null}
                  toolName={message.callId === null ? null : nameOfCall(messages, message.callId)}
                  isLast={isLast}
                  live={isLast && message.role === "assistant" ? state.live : null}
                  reconnecting={isLast && state.reconnecting}
                  outcome={turnEnds ? outcomeOf(state, message) : null}
                  canRetry={message.turn?.id === state.outcome?.turnId}
                  actions={actions}
                />
              </div>
            );
          })}
        </div>
      </div>
      {fromEnd > AT_END_PX && (
        <button
          type="button"
          className="jump"
          onClick={() => virtualizer.scrollToEnd({ behavior: "smooth" })}
        >
          <Icon name="down" size={16} /> {t.rows.newest}
        </button>
      )}
    </div>
  );
}

/** Scrolls to a message that is to be shown; older pages are loaded until it is there. */
function useShowTarget(
  { sessionId, messages, olderBefore, load }: ConversationState,
  scrollTo: (index: number) => void,
  loadOlder: () => void,
): void {
  const { target } = useSyncExternalStore(messageTarget.subscribe, messageTarget.get);
  const show = useEffectEvent(scrollTo);
  const asked = useRef<string | null>(null);
  useEffect(() => {
    const isWanted = target?.sessionId === sessionId && load === "ready";
    let next = 0;
    const index = messages.findIndex(({ id }) => id === target?.messageId);
    if (isWanted && index >= 0) {
      // While rows are measured, and older ones come before them, the list corrects its own position.
      let frames = SETTLING_FRAMES;
      const scroll = () => {
        show(index);
        frames -= 1;
        if (frames > 0) next = requestAnimationFrame(scroll);
        else messageTarget.update({ target: null });
      };
      next = requestAnimationFrame(scroll);
    } else if (isWanted && olderBefore !== null && olderBefore !== asked.current) {
      // A page that could not be loaded is not asked for again.
      asked.current = olderBefore;
      loadOlder();
    }
    return () => cancelAnimationFrame(next);
  }, [target, sessionId, messages, olderBefore, load, loadOlder]);
}

/** True while the page is printed. */
function useIsPrinted(): boolean {
  const [isPrinted, setIsPrinted] = useState(false);
  useEffect(() => {
    // The browser prints what is rendered when the listener returns.
    const note = ({ type }: Event) => flushSync(() => setIsPrinted(type === "beforeprint"));
    addEventListener("beforeprint", note);
    addEventListener("afterprint", note);
    return () => {
      removeEventListener("beforeprint", note);
      removeEventListener("afterprint", note);
    };
  }, []);
  return isPrinted;
}

/**
 * Keeps the end in view when the log's height changes (a phone's keyboard opens), or its content's (an answer ends), and
 * where the list came to rest above it: it scrolls to where it expects the end, and rows can turn out taller.
 */
function useStayAtEnd(frame: RefObject<HTMLDivElement | null>) {
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    let isAtEnd = true;
    let isByUser = false;
    let top = element.scrollTop;
    const fromEnd = () => element.scrollHeight - element.scrollTop - element.clientHeight;
    const scrollToEnd = () => {
      if (fromEnd() >= 1) element.scrollTop = element.scrollHeight;
    };
    const note = () => {
      const left = fromEnd();
      const isUp = element.scrollTop < top;
      if (left < 1) isByUser = false;
      // Only a way up leaves the end: a way down can be the list's own, which has missed it.
      if (isUp && left >= 1 && (isByUser || left > AT_END_PX)) isAtEnd = false;
      else if (left <= AT_END_PX) isAtEnd = true;
      top = element.scrollTop;
    };
    const noteUser = () => {
      isByUser = true;
    };
    const rest = () => {
      if (isAtEnd) scrollToEnd();
    };
    const observer = new ResizeObserver(() => isAtEnd && scrollToEnd());
    element.addEventListener("scroll", note, { passive: true });
    element.addEventListener("scrollend", rest);
    for (const type of BY_USER) element.addEventListener(type, noteUser, { passive: true });
    observer.observe(element);
    // The rows; before them there can be what is only printed.
    if (element.lastElementChild !== null) observer.observe(element.lastElementChild);
    return () => {
      element.removeEventListener("scroll", note);
      element.removeEventListener("scrollend", rest);
      for (const type of BY_USER) element.removeEventListener(type, noteUser);
      observer.disconnect();
    };
  }, [frame]);
}

function markOf(line: MemoryLine, message: ShownMessage): RowMark {
  if (message.delivery === "refused") return "none";
  if (isGone(message)) return "gone";
  if (line.answer === message.key) return "answer";
  if (line.recalled.has(message.key)) return "recalled";
  return line.sent.has(message.key) ? "sent" : "kept";
}

/** Returns how a message's turn ended if it did not complete. After a reload the reason of earlier turns is unknown. */
function outcomeOf({ outcome, pastOutcomes }: ConversationState, message: ShownMessage): Outcome | null {
  const { turn } = message;
  if (turn === undefined || isGone(message)) return null;
  if (turn.id === outcome?.turnId) return outcome;
  const known = pastOutcomes.get(turn.id);
  if (known !== undefined) return known;
  const { id, status } = turn;
  return status === "running" || status === "completed" ? null : { turnId: id, status };
}

const nameOfCall = (messages: readonly ShownMessage[], callId: string): string | null =>
  messages.flatMap(({ calls }) => calls).find(({ id }) => id === callId)?.name ?? null;

function branchAt(
  branches: ReadonlyMap<number, BranchPoint>,
  { id, role, delivery }: ShownMessage,
): BranchPoint | null {
  const index = id === null || role !== "user" || delivery !== "stored" ? null : indexOfMessage(id);
  return index === null ? null : (branches.get(index) ?? null);
}

const everyRow = ({ count }: Range) => Array.from({ length: count }, (_, index) => index);
