import { type CheckResult, ok, warn } from "./check-result.ts";
import type { Machine } from "./machine.ts";
import type { RedisNode } from "./redis-node.ts";

const ENABLED = "1";

/** Whether Redis may fork when memory is short. Nothing if no node runs on this machine, or not on Linux. */
export async function checkOvercommit(nodes: readonly RedisNode[], machine: Machine): Promise<CheckResult[]> {
  const value = await machine.overcommitMemory();
  if (value === undefined || !nodes.some((node) => runsOn(machine, node))) return [];
  if (value === ENABLED)
    return [ok("overcommit", "vm.overcommit_memory is 1: Redis can fork when memory is short")];
  return [
    warn(
      "overcommit",
      `vm.overcommit_memory is ${value} on this machine, which Redis seems to run on: when memory is short, it cannot fork to rewrite its file. Set it on the machine, not in a container: echo vm.overcommit_memory=1 | sudo tee /etc/sysctl.d/99-redis.conf && sudo sysctl --system`,
    ),
  ];
}

/** Redis names the kernel and the memory of its machine. Containers see those of the machine that they run on. */
const runsOn = ({ kernel, memoryBytes }: Machine, { info }: RedisNode): boolean =>
  (info.get("os") ?? "").split(" ")[1] === kernel && Number(info.get("total_system_memory")) === memoryBytes;
