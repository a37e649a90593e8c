import type { Turn } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { usePointedTurn } from "../turns/use-pointed-turn.ts";
import { useTurn } from "../turns/use-turn.ts";

/** The turn that the page explains: one that is pointed at for as long as it is, else the one of the X-ray. */
export function useLookedAtTurn(sessionId: string, isRunning: boolean) {
  const [xrayed, setXrayed] = useState<string | null>(null);
  const { pointed, point } = usePointedTurn();
  const turn: Turn | null = useTurn(sessionId, xrayed);
  const pointedTurn: Turn | null = useTurn(sessionId, isRunning ? null : pointed);
  return { xrayed, setXrayed, xrayedTurn: turn, point, lined: pointedTurn ?? turn };
}
