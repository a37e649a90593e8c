import type { ProviderId, ProviderStatus } from "@redis-memory-magic/protocol";
import { useMemo, useSyncExternalStore } from "react";
import { toastErrors } from "../api/toast-errors.ts";
import { ConversationLog } from "../chat/log/conversation-log.tsx";
import type { RowActions } from "../chat/log/row-actions.ts";
import type { Choice } from "../chat/state/choice.ts";
import { lineOfNextTurn } from "../chat/state/memory-line.ts";
import { shortName } from "../chat/state/provider-name.ts";
import { putBack } from "../chat/state/put-back.ts";
import type { ShownMessage } from "../chat/state/shown-message.ts";
import { startBranch } from "../chat/state/start-branch.ts";
import { t } from "../texts/later.ts";
import { Icon } from "../ui/icon.tsx";
import { choiceOf, LANE_MEMORIES, type Lane, type LaneMemory, laneName } from "./lane.ts";

interface LaneColumnProps {
  lane: Lane;
  /** The context window of lanes that do not send everything; undefined: the model's. */
  window: number | undefined;
  providers: readonly ProviderStatus[];
  maxChars: number;
  canRemove: boolean;
  onChange: (part: Partial<Choice>) => void;
  onMemory: (memory: LaneMemory) => void;
  onRemove: () => void;
  onOpen: (sessionId: string) => void;
}

const NO_SESSIONS = [] as const;

export function LaneColumn({
  lane,
  window,
  providers,
  maxChars,
  canRemove,
  onChange,
  onMemory,
  onRemove,
  onOpen,
}: LaneColumnProps) {
  const { conversation } = lane;
  const choice = useMemo(() => choiceOf(lane, window), [lane, window]);
  const state = useSyncExternalStore(conversation.store.subscribe, conversation.store.get);
  const line = useMemo(
    () => lineOfNextTurn(state.messages, choice.mode, null),
    [state.messages, choice.mode],
  );
  const name = laneName(lane, providers);
  const provider = providers.find(({ id }) => id === choice.provider);

  const actions = useMemo((): RowActions => {
    const branch = (message: ShownMessage, text: string) =>
      toastErrors(async () => {
        if (message.id !== null) onOpen(await startBranch(conversation.sessionId, message, text, choice));
      });
    return {
      sessionId: conversation.sessionId,
      providers,
      maxChars,
      hover: () => {},
      // The inspector belongs to the session's own view.
      onInspect: () => onOpen(conversation.sessionId),
      onBranch: branch,
      onRegenerate(turnId) {
        const question = conversation.questionOf(turnId);
        if (question !== undefined) void branch(question, question.content);
      },
      onCompareMemory: null,
      onKeep: null,
      onPutBack: () => void putBack(conversation),
      onContinue: () => conversation.send(t.log.continuePrompt, { ...choice, mode: "stateful" }),
      onRetry: () => conversation.retry(choice),
      onResend: (message) => conversation.resend(message, choice),
      onEditRefused: ({ key }) => conversation.discard(key),
    };
  }, [conversation, choice, providers, maxChars, onOpen]);

  return (
    <section className="lane" aria-label={name}>
      <header className="lane-head">
        <select
          className="lane-memory"
          aria-label={t.memory.name}
          value={lane.memory}
          onChange={(event) => onMemory(event.target.value as LaneMemory)}
        >
          {LANE_MEMORIES.map((memory) => (
            <option key={memory} value={memory}>
              {t.compare.memories[memory]}
            </option>
          ))}
        </select>
        <select
          aria-label={t.common.provider}
          value={choice.provider}
          onChange={(event) => onChange({ provider: event.target.value as ProviderId, model: undefined })}
        >
          {providers.map(({ id, name: providerName, available }) => (
            <option key={id} value={id} disabled={!available}>
              {shortName(providerName)}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="button-icon"
          aria-label={t.compare.removeLane(name)}
          disabled={!canRemove}
          onClick={onRemove}
        >
          <Icon name="close" size={15} />
        </button>
        <select
          className="lane-model"
          aria-label={t.common.model}
          disabled={provider === undefined || provider.models.length < 2}
          value={choice.model ?? provider?.default_model}
          onChange={(event) => onChange({ model: event.target.value })}
        >
          {provider?.models.map(({ id }) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
        <input
          type="text"
          aria-label={t.common.systemPrompt}
          placeholder={t.compare.systemPromptPlaceholder}
          maxLength={20_000}
          value={choice.system ?? ""}
          onChange={(event) =>
            onChange({ system: event.target.value === "" ? undefined : event.target.value })
          }
        />
      </header>
      <ConversationLog
        state={state}
        line={line}
        sessions={NO_SESSIONS}
        actions={actions}
        onReachTop={() => void conversation.loadOlder()}
        empty={<p className="lane-empty">{t.compare.empty[choice.mode]}</p>}
      />
    </section>
  );
}
