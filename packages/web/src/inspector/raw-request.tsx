import type { ContextReport, ProviderId } from "@redis-memory-magic/protocol";
import { CopyButton } from "../ui/copy-button.tsx";
import { asCurl } from "./as-curl.ts";

interface RawRequestProps {
  request: ContextReport["request"];
  provider: ProviderId;
}

/** The request as sent to the provider. */
export function RawRequest({ request, provider }: RawRequestProps) {
  if (request === null) {
    return (
      <p className="inspector-note">No request: this provider answers inside the server's own machine.</p>
    );
  }
  return (
    <details className="raw">
      <summary>Raw request</summary>
      <p className="raw-address">
        {request.method} {request.url}
      </p>
      <p className="raw-copy">
        <CopyButton label="Copy as curl" visibleText="Copy as curl" text={() => asCurl(request, provider)} />
        <CopyButton
          label="Copy JSON"
          visibleText="Copy JSON"
          text={() => JSON.stringify(request.body, null, 2)}
        />
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <pre tabIndex={0}>{JSON.stringify(request.body, null, 2)}</pre>
    </details>
  );
}
