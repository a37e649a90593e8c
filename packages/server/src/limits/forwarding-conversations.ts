import type {
  BeginTurn,
  Conversations,
  NewStoredMessage,
  SessionImport,
  TurnWriter,
} from "../chat/conversations.ts";

/** Passes everything on, for those who have something to add to some of it. */
export class ForwardingConversations implements Conversations {
  readonly owner: string;
  protected readonly inner: Conversations;

  constructor(inner: Conversations) {
    this.inner = inner;
    this.owner = inner.owner;
  }

  begin(sessionId: string, options: BeginTurn): ReturnType<Conversations["begin"]> {
    return this.inner.begin(sessionId, options);
  }

  beginUnstored(options: BeginTurn): Promise<TurnWriter> {
    return this.inner.beginUnstored(options);
  }

  follow(...args: Parameters<Conversations["follow"]>): ReturnType<Conversations["follow"]> {
    return this.inner.follow(...args);
  }

  turn(sessionId: string, turnId: string): ReturnType<Conversations["turn"]> {
    return this.inner.turn(sessionId, turnId);
  }

  peek(...args: Parameters<Conversations["peek"]>): ReturnType<Conversations["peek"]> {
    return this.inner.peek(...args);
  }

  cancel(sessionId: string, turnId: string): Promise<boolean> {
    return this.inner.cancel(sessionId, turnId);
  }

  session(sessionId: string): ReturnType<Conversations["session"]> {
    return this.inner.session(sessionId);
  }

  sessions(limit: number, cursor: string | undefined): ReturnType<Conversations["sessions"]> {
    return this.inner.sessions(limit, cursor);
  }

  messages(
    sessionId: string,
    limit: number,
    before: string | undefined,
  ): ReturnType<Conversations["messages"]> {
    return this.inner.messages(sessionId, limit, before);
  }

  range(sessionId: string, from: number, to: number): ReturnType<Conversations["range"]> {
    return this.inner.range(sessionId, from, to);
  }

  append(
    sessionId: string,
    messages: readonly NewStoredMessage[],
  ): Promise<{ ids: string[]; count: number }> {
    return this.inner.append(sessionId, messages);
  }

  rename(sessionId: string, title: string): Promise<boolean> {
    return this.inner.rename(sessionId, title);
  }

  expire(sessionId: string, seconds: number): Promise<boolean> {
    return this.inner.expire(sessionId, seconds);
  }

  clear(sessionId: string): Promise<boolean> {
    return this.inner.clear(sessionId);
  }

  storage(sessionId: string): ReturnType<Conversations["storage"]> {
    return this.inner.storage(sessionId);
  }

  fork(sessionId: string, newSessionId: string, before: string | undefined): Promise<void> {
    return this.inner.fork(sessionId, newSessionId, before);
  }

  archive(sessionId: string): ReturnType<Conversations["archive"]> {
    return this.inner.archive(sessionId);
  }

  restore(sessionId: string, session: SessionImport): Promise<void> {
    return this.inner.restore(sessionId, session);
  }
}

/** The same for a turn's writer: what it does itself, and the rest as it was. */
export const forwardingWriter = (writer: TurnWriter, own: Partial<TurnWriter>): TurnWriter => ({
  id: writer.id,
  signal: writer.signal,
  feed: writer.feed,
  write: (text) => writer.write(text),
  describe: (info) => writer.describe(info),
  end: (...args) => writer.end(...args),
  ...own,
});
