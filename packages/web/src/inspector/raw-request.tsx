import type { ContextReport, ProviderId } from "@redis-memory-magic/protocol";
import { t } from "../texts/texts.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { asCurl } from "./as-curl.ts";

interface RawRequestProps {
  request: ContextReport["request"];
  provider: ProviderId;
}

/** The request as sent to the provider. */
export function RawRequest({ request, provider }: RawRequestProps) {
  const { raw: texts } = t.inspector;
  if (request === null) {
    return <p className="inspector-note">{texts.none}</p>;
  }
  return (
    <details className="raw">
      <summary>{texts.title}</summary>
      <p className="raw-address">
        {request.method} {request.url}
      </p>
      <p className="raw-copy">
        <CopyButton
          label={texts.copyCurl}
          visibleText={texts.copyCurl}
          text={() => asCurl(request, provider)}
        />
        <CopyButton
          label={texts.copyJson}
          visibleText={texts.copyJson}
          text={() => JSON.stringify(request.body, null, 2)}
        />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <pre tabIndex={0}>{JSON.stringify(request.body, null, 2)}</pre>
    </details>
  );
}
