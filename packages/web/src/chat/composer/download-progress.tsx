import type { ProviderStatus } from "@redis-memory-magic/protocol";
import type { ReactNode } from "react";
import { t } from "../../texts/texts.ts";

interface DownloadProgressProps {
  progress: NonNullable<ProviderStatus["progress"]>;
  children?: ReactNode;
}

/** How much of a model is downloaded. */
export function DownloadProgress({ progress, children }: DownloadProgressProps) {
  const { received_bytes: received, total_bytes: total } = progress;
  return (
    <p className="provider-progress figures">
      <progress value={received} max={total} aria-label={t.providers.download} />
      {t.providers.progress(received, total)}
      {children}
    </p>
  );
}
