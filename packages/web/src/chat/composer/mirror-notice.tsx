import type { ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";
import { useEffect, useState, useSyncExternalStore } from "react";
import { t } from "../../texts/texts.ts";
import { readStored, writeStored } from "../../ui/browser-storage.ts";
import { Store } from "../../ui/store.ts";
import type { Choose } from "../state/use-chat.ts";
import { DownloadProgress } from "./download-progress.tsx";

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
          <strong>{t.providers.mirrorForNow}</strong> {t.providers.mirrorDownloading}
        </p>
        <DownloadProgress progress={progress}>
          <label>
            <input
              type="checkbox"
              checked={isAwaited}
              onChange={(event) => download.update({ isAwaited: event.target.checked })}
            />{" "}
            {t.providers.useWhenReady}
          </label>
        </DownloadProgress>
      </div>
    );
  }
  if (isReady) {
    return (
      <div className="bar-notice bar-notice-neutral" role="status">
        <p>
          <strong>{t.providers.isReady(builtIn.name)}</strong> {t.providers.readyHint}{" "}
          <button
            type="button"
            className="button button-small"
            onClick={() => choose({ provider: "embedded" })}
          >
            {t.providers.useNow}
          </button>
        </p>
      </div>
    );
  }
  if (isIntroduced) return null;
  return (
    <div className="bar-notice bar-notice-neutral">
      <p>
        <strong>{t.providers.mirrorIs}</strong> {t.providers.mirrorExplained}{" "}
        <button
          type="button"
          className="button button-small"
          onClick={() => {
            writeStored(STORED, "yes");
            setIntroduced(true);
          }}
        >
          {t.providers.gotIt}
        </button>
      </p>
    </div>
  );
}
