import type { SearchResponse, Session } from "@redis-memory-magic/protocol";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { type ApiError, asApiError } from "../api/api-error.ts";
import { searchMessages } from "../api/endpoints.ts";
import { showMessage } from "../chat/state/message-target.ts";
import { searchSessions, titleOf } from "../sessions/session-title.ts";
import { t } from "../texts/later.ts";
import { Dialog } from "../ui/dialog.tsx";
import { isComposing } from "../ui/is-composing.ts";
import "./palette-dialog.css";

export interface Command {
  readonly label: string;
  readonly run: () => void;
}

interface PaletteDialogProps {
  commands: readonly Command[];
  sessions: readonly Session[];
  onOpen: (sessionId: string) => void;
  onClose: () => void;
}

interface Entry {
  readonly key: string;
  readonly group: string;
  readonly label: string;
  /** Said beside the label. */
  readonly note?: string;
  readonly run: () => void;
}

const MAX_SESSIONS = 6;
const TYPING_PAUSE_MS = 250;

/** Finds commands, sessions by their titles, and messages by their words. */
export function PaletteDialog({ commands, sessions, onOpen, onClose }: PaletteDialogProps) {
  const [query, setQuery] = useState("");
  const { found, error, isSearching } = useMessageSearch(query.trim());
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // After the dialog has opened, which focuses its first button.
  useEffect(() => input.current?.focus(), []);

  const entries: Entry[] = [
    ...commands
      .filter(({ label }) => label.toLowerCase().includes(query.trim().toLowerCase()))
      .map(({ label, run }): Entry => ({ key: label, group: t.palette.groups.commands, label, run })),
    ...searchSessions(sessions, query)
      .slice(0, MAX_SESSIONS)
      .map(
        (session): Entry => ({
          key: session.id,
          group: t.palette.groups.sessions,
          label: titleOf(session),
          run: () => onOpen(session.id),
        }),
      ),
    ...(found?.matches ?? []).map(
      ({ session_id, message_id, title, text }): Entry => ({
        key: `${session_id} ${message_id}`,
        group: t.palette.groups.messages,
        label: text,
        note: titleOf({ title }),
        run: () => {
          showMessage(session_id, message_id);
          onOpen(session_id);
        },
      }),
    ),
  ];
  const current = Math.min(chosen, entries.length - 1);

  function run(entry: Entry | undefined) {
    if (entry === undefined) return;
    onClose();
    entry.run();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (isComposing(event.nativeEvent)) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && entries.length > 0) {
      event.preventDefault();
      const next = (current + step + entries.length) % entries.length;
      setChosen(next);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter") {
      event.preventDefault();
      run(entries[current]);
    }
  }

  return (
    <Dialog title={t.palette.title} isWide onClose={onClose}>
      <input
        ref={input}
        className="palette-input"
        type="text"
        role="combobox"
        aria-label={t.palette.label}
        aria-expanded={entries.length > 0}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={entries.length > 0 ? `${id}-${current}` : undefined}
        placeholder={t.palette.placeholder}
        maxLength={200}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div className="palette-list" id={id} role="listbox" aria-label={t.palette.results}>
        {entries.map((entry, index) => (
          <div
            key={entry.key}
            id={`${id}-${index}`}
            className="palette-entry"
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            data-first={entry.group !== entries[index - 1]?.group ? entry.group : undefined}
            onPointerMove={() => setChosen(index)}
            onClick={() => run(entry)}
            onKeyDown={onKeyDown}
          >
            <span className="palette-label" dir="auto">
              {entry.label}
            </span>
            {entry.note !== undefined && <span className="palette-note">{entry.note}</span>}
          </div>
        ))}
      </div>
      <p className="palette-search figures" role="status">
        {query.trim() === ""
          ? t.palette.help
          : error !== null
            ? t.palette.failed(error.message)
            : isSearching || found === null
              ? t.palette.searching
              : searchText(found)}
      </p>
    </Dialog>
  );
}

function searchText({ matches, messages, sessions, complete }: SearchResponse): string {
  const { nothing, searched, searchedNewest } = t.palette;
  const all = complete ? searched(messages, sessions) : searchedNewest(messages, sessions);
  return matches.length === 0 ? `${nothing} ${all}` : all;
}

/** Searches after a pause in typing. */
function useMessageSearch(query: string) {
  const [result, setResult] = useState<{
    of: string;
    found: SearchResponse | null;
    error: ApiError | null;
  }>();
  useEffect(() => {
    if (query === "") return;
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setResult({ of: query, found: await searchMessages(query, abort.signal), error: null });
      } catch (error) {
        if (!abort.signal.aborted) setResult({ of: query, found: null, error: asApiError(error) });
      }
    }, TYPING_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query]);
  const isCurrent = query !== "" && result !== undefined;
  return {
    found: isCurrent ? result.found : null,
    error: isCurrent ? result.error : null,
    isSearching: result?.of !== query,
  };
}
