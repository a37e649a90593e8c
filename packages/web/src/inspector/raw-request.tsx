import type { ChatRequest, ContextReport, ProviderId } from "@redis-memory-magic/protocol";
import { t } from "../texts/texts.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { asCurl, chatAsCurl } from "./as-curl.ts";

interface RawRequestProps {
  report: ContextReport;
  provider: ProviderId;
  /** The request to this server that has the same effect. */
  chatRequest: () => ChatRequest;
}

/** The request as sent to the provider; for one that runs in the server itself, the prompt that it reads. */
export function RawRequest({ report, provider, chatRequest }: RawRequestProps) {
  const { request, messages } = report;
  const { raw: texts } = t.inspector;
  if (request === null) {
    const prompt = promptText(messages);
    return (
      <details className="raw">
        <summary>{texts.prompt}</summary>
        <p className="inspector-note">{provider === "embedded" ? texts.template : texts.none}</p>
        <p className="raw-copy">
          <CopyButton
            label={texts.copyCurl}
            visibleText={texts.copyCurl}
            text={() => chatAsCurl(chatRequest())}
          />
          <CopyButton label={texts.copyPrompt} visibleText={texts.copyPrompt} text={prompt} />
        </p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
        <pre tabIndex={0}>{prompt}</pre>
      </details>
    );
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

/** The messages in the order in which the model reads them. */
const promptText = (messages: ContextReport["messages"]): string =>
  messages.map(({ role, content }) => `${role}:\n${content}`).join("\n\n");
