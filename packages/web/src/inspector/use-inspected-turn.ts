import type { Turn } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { useHoveredTurn } from "./use-hovered-turn.ts";
import { useTurn } from "./use-turn.ts";

/** The turn that the page explains: one that is pointed at for as long as it is, else the one of the X-ray. */
export function useInspectedTurn(sessionId: string, isRunning: boolean) {
  const [inspected, setInspected] = useState<string | null>(null);
  const { pointed, point } = useHoveredTurn();
  const turn: Turn | null = useTurn(sessionId, inspected);
  const pointedTurn: Turn | null = useTurn(sessionId, isRunning ? null : pointed);
  return { inspected, setInspected, inspectedTurn: turn, point, lined: pointedTurn ?? turn };
}
