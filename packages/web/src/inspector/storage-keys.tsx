import { serverNow } from "../api/server-clock.ts";
import { formatBytes, formatClock, formatCount } from "../texts/format.ts";
import { t } from "../texts/texts.ts";
import { secondsUntil } from "../ui/seconds-until.ts";
import { useNow } from "../ui/use-now.ts";
import { useStorage } from "./use-storage.ts";

interface StorageKeysProps {
  sessionId: string;
  history: string | null;
  /** False while it is unknown what the session has. */
  isLoaded: boolean;
}

/** Shows the session's keys in Redis. */
export function StorageKeys({ sessionId, history, isLoaded }: StorageKeysProps) {
  const storage = useStorage(sessionId, history);
  const now = useNow(1000, serverNow);
  const { storage: texts } = t.inspector;
  if (storage === null || storage.keys.length === 0) {
    return (
      <section className="facts" aria-label={texts.name}>
        <h3>{texts.title}</h3>
        <p className="inspector-note">{history === null && isLoaded ? texts.nothing : texts.unknown}</p>
      </section>
    );
  }
  const left = formatClock(secondsUntil(storage.expires_at, now));
  return (
    <section className="facts" aria-label={texts.name}>
      <h3>
        {texts.title}
        <span className="figures">{texts.expires(formatBytes(storage.bytes), left)}</span>
      </h3>
      <table className="figures">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{texts.columns.key}</th>
            <th scope="col">{texts.columns.type}</th>
            <th scope="col">{texts.columns.entries}</th>
            <th scope="col">{texts.columns.ttl}</th>
          </tr>
        </thead>
        <tbody>
          {storage.keys.map(({ name, type, entries, bytes, ttl_seconds }) => (
            <tr key={name} title={`${name} · ${formatBytes(bytes)}`}>
              <th scope="row">…:{name.slice(name.lastIndexOf(":") + 1)}</th>
              <td>{type}</td>
              <td>{formatCount(entries)}</td>
              <td>{ttl_seconds < 0 ? texts.noTtl : left}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
