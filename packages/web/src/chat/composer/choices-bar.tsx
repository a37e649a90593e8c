import type { MemoryStrategy, Mode, ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";
import { memo } from "react";
import type { Choose } from "../state/use-chat.ts";
import { MemoryChoice } from "./memory-choice.tsx";
import { MirrorNotice } from "./mirror-notice.tsx";
import { ProviderChoice, ProviderNotice } from "./provider-choice.tsx";
import "./choices-bar.css";

interface ChoicesBarProps {
  mode: Mode | null;
  memory: MemoryStrategy | undefined;
  chosen: ProviderId | null;
  choose: Choose;
  providers: readonly ProviderStatus[];
}

/** Memory and Provider, in view at every width. */
export const ChoicesBar = memo(function ChoicesBar({
  mode,
  memory,
  chosen,
  choose,
  providers,
}: ChoicesBarProps) {
  const provider = providers.find(({ id }) => id === chosen);
  return (
    <>
      <div className="choices">
        <MemoryChoice
          mode={mode}
          onChange={(mode) => choose({ mode })}
          memory={memory}
          onMemory={(memory) => choose({ memory })}
        />
        <ProviderChoice providers={providers} chosen={chosen} onChange={(id) => choose({ provider: id })} />
      </div>
      <ProviderNotice provider={provider} />
      <MirrorNotice providers={providers} chosen={chosen} choose={choose} />
    </>
  );
});
