import type { Turn } from "@redis-memory-magic/protocol";
import { useState } from "react";
import { useHoveredTurn } from "./use-hovered-turn.ts";
import { useTurn } from "./use-turn.ts";

/** Returns the turn that the page explains: the one under the pointer, else the one open in the inspector. */
export function useInspectedTurn(sessionId: string, isRunning: boolean) {
  const [inspected, setInspected] = useState<string | null>(null);
  const { hovered, hover } = useHoveredTurn();
  const turn: Turn | null = useTurn(sessionId, inspected);
  const hoveredTurn: Turn | null = useTurn(sessionId, isRunning ? null : hovered);
  return { inspected, setInspected, inspectedTurn: turn, hover, lined: hoveredTurn ?? turn };
}
