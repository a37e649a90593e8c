import { formatBytes, formatCount, plural } from "./format.ts";

const messages = (count: number) => plural(count, "message");
const tokens = (count: number) => plural(count, "token");
const aboutTokens = (count: number) => `about ${tokens(count)}`;

const room = (window: number, answer: number) =>
  `${formatCount(window)} tokens, of which ${formatCount(answer)} are kept for the answer`;
const didNotFit = (count: number, window: number, answer: number) =>
  `Stored in Redis, not sent: ${messages(count)} did not fit into ${room(window, answer)}`;

/** The texts of the first load, by the part that shows them. What depends on a value of the API is keyed by it. */
export const english = {
  common: {
    messages,
    tokens,
    aboutTokens,
    asModel: (cost: string, model: string) => `${cost} as ${model}`,
    free: "free",
    close: "Close",
    copy: "Copy",
    copied: "Copied",
    copyFailed: "Copying failed",
    dismiss: "Dismiss",
    undo: "Undo",
    tryAgain: "Try again",
    send: "Send",
    stop: "Stop",
    message: "Message",
    newSession: "New session",
    untitled: "Untitled session",
    sideBySide: "Side by side",
    guidedTour: "Guided tour",
    settings: "Settings",
    notes: "Notes",
    import: "Import",
    model: "Model",
    provider: "Provider",
    systemPrompt: "System prompt",
    notLoaded: "Not loaded",
    partNotLoaded:
      "This part of the page could not be loaded. Check the network, then try again. After an update of the server, reload the page.",
    pageFailed:
      "The page has met an error that it cannot handle. Reload it. Stored messages are not changed.",
    reload: "Reload the page",
    image: "Image",
    file: "File",
    sameQuestion: {
      stateless: "Same question with memory",
      stateful: "Same question without memory",
    },
    systemPromptPlaceholder: "The server's default prompt",
    keyboardShortcuts: "Keyboard shortcuts",
  },
  memory: {
    name: "Memory",
    switch: { stateless: "Off", stateful: "On" },
    apiNames: { stateless: "Stateless", stateful: "Stateful" },
    options: { stateless: "Memory off (stateless)", stateful: "Memory on (stateful)" },
    states: { stateless: "Memory off", stateful: "Memory on" },
    badges: { stateless: "No Memory", stateful: "Remembering" },
    recall: "Recall",
    recallHint:
      "When the conversation no longer fits the context window: earlier messages that share words or meaning with yours are sent too",
  },
  strategies: {
    name: "Sent when the conversation no longer fits",
    options: {
      window: "The newest messages",
      recall: "Newest, and earlier ones that share words or meaning (recall)",
      summary: "Newest, and a table of contents",
      "recall+summary": "Newest, recall and a table of contents",
    },
    contents: {
      name: "Table of contents",
      about: "First words of messages that are not sent. Made by rule, not by a model.",
      none: "There is no room for it in this window.",
      failures: {
        unavailable: "Not listed: the earlier messages could not be read.",
        late: "Not listed: reading the earlier messages took too long.",
      },
    },
  },
  header: {
    skipToMessage: "Write a message",
    sessions: "Sessions",
    expired: "Expired",
    clear: "Clear session",
    clearHint: "Clear session: delete its messages from Redis",
    cleared: "Session cleared: its messages were deleted from Redis",
    xray: "X-ray",
    xrayHint: "X-ray: what the model really gets",
    themes: { light: "Switch to light theme", dark: "Switch to dark theme" },
  },
  errors: {
    offline: "You are offline. Check the network.",
    unreachable: "The server cannot be reached. Check that it is running.",
    timeout: "The server did not answer in time.",
    unexpected_answer: "Something other than the server answered.",
    refused: "The request was refused.",
    attachmentsLost: "The browser had no room to keep its attachments. Edit it and attach them again.",
    invalidFile: (name: string) => `${name} is not a file that was exported here: it is not valid JSON.`,
  },
  providers: {
    notAvailable: "Not available.",
    isNotAvailable: (name: string) => `${name} is not available.`,
    hint: (name: string, reason: string | undefined) => `${name}: ${reason ?? "not available"}`,
    download: "Download",
    progress: (received: number, total: number) => `${formatBytes(received)} of ${formatBytes(total)}`,
    mirrorForNow: "Mirror answers for now.",
    mirrorDownloading: "It is not an AI: it repeats what it was sent. A small model is downloading.",
    useWhenReady: "Use it when it is ready",
    isReady: (name: string) => `${name} is ready.`,
    readyHint: "It runs on this server and needs no key.",
    useNow: "Use it now",
    mirrorIs: "Mirror is not an AI:",
    mirrorExplained: "it repeats what it was sent, so that you see exactly what a model would know.",
    gotIt: "Got it",
  },
  redisAway: {
    title: "Redis cannot be reached.",
    stateful: "Answers with memory have to wait. Without memory they still work, but are not saved.",
    stateless: "Answers still work without memory, but nothing is saved.",
  },
  composer: {
    placeholder: "Write a message",
    drop: "Drop images or text files",
    attach: { images: "Add images or text files", text: "Add text files" },
    attachHint: (label: string) => `${label}: or paste or drop them here`,
    tooLong: (excess: number, limit: number) =>
      `${plural(excess, "character")} over the limit of ${formatCount(limit)}`,
    connecting: "Connecting to the server…",
    loading: "Loading the conversation…",
    chooseOther: (name: string) => `${name} is not available. Choose another provider.`,
    blind: (model: string) => `The model ${model} does not see images. Remove them, or choose another model.`,
    unknown: "What will be sent is not known while Redis cannot be reached",
    sends: (count: number, recalled: number) => {
      const alone = recalled === 0 ? "Sends only this message" : "Sends this message";
      const sent = count <= 1 ? alone : `Sends these ${messages(count)}`;
      return recalled === 0 ? sent : `${sent} and ${formatCount(recalled)} recalled`;
    },
    willBeSent: (count: number, recalled: number) =>
      `${messages(count)}${recalled === 0 ? "" : ` and ${formatCount(recalled)} recalled`} will be sent`,
    ofWindow: (window: number) => `of ${formatCount(window)}`,
    waiting: "Waiting messages",
    waitingStates: {
      early: "Will be sent when the page is ready",
      next: "Will be sent next",
      held: "Waiting",
    },
    sendWaiting: "Send now",
    attachments: (count: number) => plural(count, "attachment"),
    remove: (text: string) => `Remove: ${text}`,
    nextAsk: (message: string) => `Now ask: “${message}”`,
    nextSay: (message: string) => `Next: “${message}”`,
    nextAskOther: (provider: string, message: string) => `Now ask ${provider}: “${message}”`,
    nextSwitchAndAsk: (message: string) => `Switch memory on and ask: “${message}”`,
  },
  contextBar: {
    parts: {
      system: "system prompt",
      notes: "notes",
      summary: "table of contents",
      window: "history",
      recall: "recalled",
      message: "your message",
      answer: "kept for the answer",
      free: "free",
    },
    label: (window: number, parts: string) => `Context window of ${formatCount(window)} tokens: ${parts}`,
  },
  log: {
    name: "Conversation",
    memoryOff: "Stored in Redis, not sent: memory is off",
    didNotFit,
    didNotFitHalf: (count: number, window: number, answer: number) =>
      `${didNotFit(count, window, answer)}; the older half is dropped at once`,
    allRecalled: (window: number, answer: number) =>
      `All that did not fit into ${room(window, answer)} is recalled`,
    putBackWithout: (count: number) =>
      `Put back without ${plural(count, "attachment")}: neither this page nor Redis has ${count === 1 ? "it" : "them"} any more.`,
    continuePrompt: "Continue where you stopped.",
    said: (text: string) => `The assistant said: ${text}`,
    answering: "The assistant is answering",
    urgent: {
      refused: (reason: string) => `Not sent. ${reason}`,
      failed: (reason: string) => `The answer failed. ${reason}`,
      interrupted: "The answer was interrupted.",
      cancelled: "The answer was stopped.",
      gone: "Redis no longer has the messages of this session.",
    },
    ends: {
      cut: "Cut at the limit.",
      cutAt: (limit: number) => `Cut at the limit of ${tokens(limit)}.`,
      refused: "The model refused to answer this.",
      filtered: "The provider's content filter stopped this answer.",
      toolCall: "The model asked for a tool and is waiting for its result.",
      promptCut: (read: number, sent: number) =>
        `The model probably read only ${formatCount(read)} of the ${formatCount(sent)} tokens that it was sent: its server dropped the beginning without saying so. A smaller context window prevents that.`,
      windowFull:
        "Prompt and answer were longer than the model's window: it lost the beginning while it wrote.",
      windowFullOf: (window: number) =>
        `Prompt and answer were longer than the model's window of ${formatCount(window)} tokens: it lost the beginning while it wrote.`,
    },
  },
  scenarios: {
    missing: "This session has expired or was deleted. Your next message starts it again.",
    title: "A model knows what it is sent. Nothing else.",
    intro:
      "Every message is stored in Redis. The switch above decides whether the model gets them. Watch the line on the left: a filled dot is sent, a dashed one is not.",
    list: {
      without: {
        title: "Without memory",
        steps: "Say your name with memory off, then ask for it. The model cannot know.",
        messages: ["My name is Alice", "What's my name?"],
      },
      with: {
        title: "With memory",
        steps: "Say your name with memory on, then ask for it. Now the model is sent both.",
        messages: ["My name is Bob", "What's my name?"],
      },
      other: {
        title: "Another provider, the same memory",
        steps:
          "Talk to one provider, switch to another and go on. The history is in Redis, not in the model.",
        messages: ["I am learning about Redis streams", "What am I learning about?"],
      },
      later: {
        title: "Memory switched on later",
        steps: "Say something with memory off, switch it on and ask. It was stored all the time.",
        messages: ["I love pizza", "What food do I like?"],
      },
      recall: {
        title: "What recall brings back",
        steps:
          "Say something, fill a small window with a long message, then ask. Recall finds it in Redis and brings it back.",
        messages: ["My cat is called Miso", "What is my cat called?"],
      },
    },
  },
  sessions: {
    name: "Sessions",
    search: "Search sessions",
    days: { today: "Today", yesterday: "Yesterday", earlier: "Earlier" },
    notListed: (reason: string) => `The sessions cannot be listed: ${reason}`,
    noTitle: "No session has these words in its title.",
    searchMessages: "Search the messages (Ctrl K)",
    older: "Older sessions",
    none: "Your conversations appear here until they expire.",
    left: (time: string) => `${time} left`,
    actions: (title: string) => `Actions for ${title}`,
    title: "Session title",
    rename: "Rename",
    keepFor: (time: string) => `Keep for ${time}`,
    exportJson: "Export as JSON",
    exportMarkdown: "Export as Markdown",
    delete: "Delete",
    versions: (count: number) => plural(count, "version"),
    deleteVersions: (count: number) => `Delete all ${plural(count, "version")}`,
    groups: { tour: "Guided tour", compare: "Side by side" },
    count: (count: number) => plural(count, "session"),
    deleteAll: (count: number) => `Delete these ${plural(count, "session")}`,
    deleted: (title: string) => `Deleted “${title}”`,
    file: "Session file",
    shortcuts: "Shortcuts",
    invalidLink: "This link is not valid: no session can have such an id. A new session is open.",
    expiresIn: (time: string) => `Expires in ${time}: extend`,
    extend: "Extend",
    keepAfterUse: "Keep after each use for",
    ttls: { hour: "an hour", day: "a day", week: "a week" },
    kept: (title: string, time: string) => `“${title}” is now kept for ${time} after each use`,
  },
  inspector: {
    titles: { next: "X-ray: what the model will be sent", turn: "X-ray: what the model was sent" },
    showNext: "What will be sent next",
    close: "Close X-ray",
    report: "Context report",
    notCounted: "Not known yet: it is counted when the provider and Redis answer.",
    fetching: "Loading…",
    window: "Context window",
    windowIsModels: "The model's own. Make it smaller and see what is forgotten.",
    backToModels: (window: number) => `Back to the model's ${formatCount(window)}`,
    figures: {
      tokens: { next: "tokens to send", turn: "tokens sent" },
      estimated: (label: string) => `${label}, estimated`,
      messages: (count: number): string => (count === 1 ? "message" : "messages"),
      notSent: "stored but not sent",
      window: (model: string) => `window of ${model}`,
      cost: { next: "to send", turn: "cost" },
      costAs: (label: string, model: string) => `${label}, as ${model}`,
      read: "tokens the model read",
    },
    settings: {
      title: "System prompt, temperature, seed",
      noSystemPrompt: "Send no system prompt",
      names: { temperature: "Temperature", max_output_tokens: "Longest answer, tokens", seed: "Seed" },
      default: "default",
      note: "For this session. Empty: the provider's default.",
      refused: (provider: string, names: readonly string[]) =>
        `${provider} does not take: ${names.join(", ").toLowerCase()}.`,
    },
    recalled: {
      name: "Recalled",
      failures: {
        unavailable: "Nothing was recalled: the session could not be searched.",
        late: "Nothing was recalled: the search took too long.",
        no_words: "Nothing was recalled: your message has no words to search for.",
      },
      neighbour: "Next to a message that shares words or meaning with yours",
      has: (terms: string) => `Has ${terms}`,
      similar: (similarity: string) => `Similar in meaning (${similarity})`,
      show: "Show in the conversation",
      inPart: (tokens: string) => `in part, ${tokens}`,
      notThis: "Not this one",
      bringBack: (count: number) => `Recall again (${formatCount(count)})`,
      showThere: "Show in its conversation",
      from: (title: string | null) => (title === null ? "From another session" : `From “${title}”`),
      searched: (searched: number, total: number, sessions: number | undefined, ms: string) => {
        const where = sessions === undefined ? "" : ` and in ${plural(sessions, "other session")}`;
        return `Searched ${formatCount(searched)} of ${messages(total)} outside the window${where} in ${ms} ms.`;
      },
      noneMatched: "None shares words or meaning with yours.",
      fit: (fitting: number, matched: number) =>
        `${formatCount(fitting)} of ${plural(matched, "matching turn")} fit.`,
    },
    blocks: {
      name: "Messages sent",
      stay: {
        next: (count: number, reason: string) =>
          `${messages(count)} ${count === 1 ? "stays" : "stay"} in Redis: ${reason}`,
        turn: (count: number, reason: string) => `${messages(count)} stayed in Redis: ${reason}`,
      },
      reasons: { stateless: "memory is off", window: "no room in the window" },
      changed: (count: number, change: string) => `${messages(count)}: ${change}`,
      changes: {
        joined: "sent as one with the message before, which has the same role",
        moved_to_system: "sent as part of the system prompt",
        quoted: "an answer at the beginning, sent as the user's words",
        empty_left_out: "without text, not sent",
        reasoning_removed: "sent without what the model had thought",
        call_left_out: "a tool call without its output, not sent",
        tools_as_text: "a tool call or its output, sent as text: this model has no tools",
        images_left_out: "sent with a note in place of the image: this model does not see images",
        files_left_out: "sent with a note in place of the file: this model does not read files",
        unknown_left_out: "of a kind that this server does not know, not sent",
      },
      incomplete: "Some of what was sent has been deleted from the session since.",
      showBetween: (count: number) => `Show ${formatCount(count)} more between`,
      total: (sum: string) => `Total ${sum}`,
      draft: "+ your next message",
      image: "Image",
      less: "Show less",
      all: "Show all",
      toolCall: (name: string) => `tool call ${name}`,
      toolOutput: "tool output",
    },
    times: {
      name: "Times",
      title: "The answer",
      first: "Time to first word",
      total: "Total time",
      rate: "Tokens per second",
      output: "Answer tokens",
      cached: "Read from the provider's cache",
    },
    raw: {
      title: "Raw request",
      prompt: "The prompt",
      copyPrompt: "Copy prompt",
      none: "This provider is part of the server, so there is no request to another one. It reads:",
      template:
        "The model runs on this server. It reads these messages, each between the marks of its chat template:",
      copyCurl: "Copy as curl",
      copyJson: "Copy JSON",
    },
    storage: {
      name: "Keys in Redis",
      title: "In Redis",
      nothing: "Nothing stored yet.",
      unknown: "Not known while Redis cannot be reached.",
      expires: (size: string, time: string) => `${size} · expires in ${time}`,
      columns: { key: "Key", type: "Type", entries: "Entries", ttl: "Time to live" },
      noTtl: "none",
    },
    pricedAs: "Priced as",
    ownPrice: "the model's own price",
    price: (model: string, input: string, output: string) => `${model}: ${input} in, ${output} out`,
    totals: {
      session: (turns: number) => `Session: ${plural(turns, "turn")}`,
      newest: (turns: number) => `Newest ${plural(turns, "turn")}`,
      sent: (count: number) => `${tokens(count)} sent`,
      received: (count: number) => `${formatCount(count)} received`,
    },
  },
};

export type FirstTexts = typeof english;
