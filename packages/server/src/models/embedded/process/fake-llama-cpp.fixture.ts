// Stands in for node-llama-cpp where a test needs a runtime that fails. What it does is the model's path.
import type { Chat, ChatWrapper, LlamaCpp, Model, Token } from "./llama-cpp.ts";

const tokens = (text: string): Token[] => Array.from({ length: text.length }, (_, index) => index as Token);

const crash = (): never => {
  process.kill(process.pid, "SIGSEGV");
  throw new Error("unreachable");
};

class FakeChat implements Chat {
  async generateResponse(): Promise<never> {
    return crash();
  }
}

export const getLlama: LlamaCpp["getLlama"] = async () => ({
  async loadModel({ modelPath }): Promise<Model> {
    if (modelPath === "crashes-when-loaded") crash();
    if (modelPath === "is-no-model") throw new Error("Failed to load model");
    const sequence = {
      nextTokenIndex: 1_000_000,
      tokenMeter: { usedOutputTokens: 0 },
      async adaptStateToTokens() {},
      async evaluateWithoutGeneratingNewTokens() {},
    };
    return {
      trainContextSize: 4_096,
      tokenizer: null,
      tokenize: tokens,
      createContext: async ({ contextSize }) => ({
        contextSize,
        getSequence: () => sequence,
        async dispose() {},
      }),
    };
  },
});

export const resolveChatWrapper = (): ChatWrapper => ({
  generateContextState: ({ chatHistory }) => ({
    contextText: { tokenize: () => tokens(JSON.stringify(chatHistory)) },
  }),
});

export const LlamaChat = FakeChat;
