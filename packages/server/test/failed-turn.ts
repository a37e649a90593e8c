/** A turn as an import has it: its first message was not answered. @param replaced the answer that a retry replaced */
export const failedTurn = (replaced: string) => ({
  id: "0123456789abcdef",
  status: "failed",
  user_place: 0,
  answer_place: null,
  started_at: new Date().toISOString(),
  ended_at: null,
  mode: "stateful",
  provider: "mirror",
  model: "mirror",
  replaced_response: replaced,
});
