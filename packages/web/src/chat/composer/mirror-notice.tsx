import type { ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";
import { useEffect, useState, useSyncExternalStore } from "react";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import { formatBytes } from "../../ui/format.ts";
import { Store } from "../../ui/store.ts";
import type { Choose } from "../state/use-chat.ts";

interface MirrorNoticeProps {
  providers: readonly ProviderStatus[];
  chosen: ProviderId | null;
  choose: Choose;
}

/** Of this page, not of a session: the download goes on while sessions are switched. */
const download = new Store({ wasSeen: false, isAwaited: false });

const STORED = "mirror-introduced";

/** Introduces the mirror as what it is, shows the built-in model's download, and offers the model when it is ready. */
export function MirrorNotice({ providers, chosen, choose }: MirrorNoticeProps) {
  const [isIntroduced, setIntroduced] = useState(() => readStored(STORED) !== null);
  const { wasSeen, isAwaited } = useSyncExternalStore(download.subscribe, download.get);
  const builtIn = providers.find(({ id }) => id === "embedded");
  const progress = builtIn?.progress;
  const isReady = wasSeen && builtIn?.available === true;
  const isMirror = chosen === "mirror";

  const isDownloading = progress !== undefined;
  useEffect(() => {
    if (isDownloading) download.update({ wasSeen: true });
  }, [isDownloading]);
  useEffect(() => {
    if (!isReady || !isAwaited) return;
    download.update({ isAwaited: false });
    if (isMirror) choose({ provider: "embedded" });
  }, [isReady, isAwaited, isMirror, choose]);

  if (!isMirror) return null;
  if (progress !== undefined) {
    return (
      <div className="bar-notice bar-notice-neutral">
        <p>
          <strong>Mirror answers for now.</strong> It is not an AI: it repeats what it was sent. A small model
          is downloading.
        </p>
        <p className="provider-progress figures">
          <progress value={progress.received_bytes} max={progress.total_bytes} aria-label="Download" />
          {formatBytes(progress.received_bytes)} of {formatBytes(progress.total_bytes)}
          <label>
            <input
              type="checkbox"
              checked={isAwaited}
              onChange={(event) => download.update({ isAwaited: event.target.checked })}
            />{" "}
            Use it when it is ready
          </label>
        </p>
      </div>
    );
  }
  if (isReady) {
    return (
      <div className="bar-notice bar-notice-neutral" role="status">
        <p>
          <strong>{builtIn.name} is ready.</strong> It runs on this server and needs no key.{" "}
          <button
            type="button"
            className="button button-small"
            onClick={() => choose({ provider: "embedded" })}
          >
            Use it now
          </button>
        </p>
      </div>
    );
  }
  if (isIntroduced) return null;
  return (
    <div className="bar-notice bar-notice-neutral">
      <p>
        <strong>Mirror is not an AI:</strong> it repeats what it was sent, so that you see exactly what a
        model would know.{" "}
        <button
          type="button"
          className="button button-small"
          onClick={() => {
            writeStored(STORED, "yes");
            setIntroduced(true);
          }}
        >
          Got it
        </button>
      </p>
    </div>
  );
}
