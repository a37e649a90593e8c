import { serverNow } from "../api/server-clock.ts";
import { formatBytes, formatClock, formatCount } from "../ui/format.ts";
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
  if (storage === null || storage.keys.length === 0) {
    return (
      <section className="facts" aria-label="Keys in Redis">
        <h3>In Redis</h3>
        <p className="inspector-note">
          {history === null && isLoaded ? "Nothing stored yet." : "Not known while Redis cannot be reached."}
        </p>
      </section>
    );
  }
  const left = formatClock(secondsUntil(storage.expires_at, now));
  return (
    <section className="facts" aria-label="Keys in Redis">
      <h3>
        In Redis
        <span className="figures">
          {formatBytes(storage.bytes)} · expires in {left}
        </span>
      </h3>
      <table className="figures">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Type</th>
            <th scope="col">Entries</th>
            <th scope="col">Time to live</th>
          </tr>
        </thead>
        <tbody>
          {storage.keys.map(({ name, type, entries, bytes, ttl_seconds }) => (
            <tr key={name} title={`${name} · ${formatBytes(bytes)}`}>
              <th scope="row">…:{name.slice(name.lastIndexOf(":") + 1)}</th>
              <td>{type}</td>
              <td>{formatCount(entries)}</td>
              <td>{ttl_seconds < 0 ? "none" : left}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
