import type { PinnedProgram } from "./pinned.ts";

/** A function of a profile, as the inspector's protocol names it. */
export interface ProfiledFunction {
  readonly functionName: string;
  readonly url: string;
}

/** How much was spent by a function itself, in any unit. */
export type Spent = readonly [ProfiledFunction, number];

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: ProfiledFunction }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface HeapNode {
  readonly callFrame: ProfiledFunction;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/** Returns the CPU time that each function of a program took itself while `work` ran. */
export async function profileCpu(program: PinnedProgram, work: () => Promise<unknown>): Promise<Spent[]> {
  await program.inspect("Profiler.enable");
  await program.inspect("Profiler.setSamplingInterval", { interval: 200 });
  await program.inspect("Profiler.start");
  await work();
  const { profile } = (await program.inspect("Profiler.stop")) as { profile: CpuProfile };
  const functions = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  return profile.samples.flatMap((id, n): Spent[] => {
    const frame = functions.get(id);
    return frame && frame.functionName !== "(idle)" ? [[frame, profile.timeDeltas[n + 1] ?? 0]] : [];
  });
}

/** Returns the bytes that each function of a program allocated while `work` ran, and that are still in use. */
export async function profileHeap(program: PinnedProgram, work: () => Promise<unknown>): Promise<Spent[]> {
  await program.inspect("HeapProfiler.startSampling", { samplingInterval: 8192 });
  await work();
  await program.inspect("HeapProfiler.collectGarbage");
  const { profile } = (await program.inspect("HeapProfiler.stopSampling")) as { profile: { head: HeapNode } };
  const spentIn = (node: HeapNode): Spent[] => [
    [node.callFrame, node.selfSize],
    ...node.children.flatMap(spentIn),
  ];
  return spentIn(profile.head);
}

/** Returns the places where most was spent, with their shares, such as "undici 12 %". */
export function topPlaces(spent: readonly Spent[], count = 8): string[] {
  return topShares(
    spent.map(([frame, amount]) => [placeOf(frame), amount]),
    count,
  );
}

/** Returns the names with the largest sums, each with its share of all, such as "undici 12 %". */
export function topShares(amounts: readonly (readonly [string, number])[], count = 8): string[] {
  const sums = new Map<string, number>();
  for (const [name, amount] of amounts) sums.set(name, (sums.get(name) ?? 0) + amount);
  const all = [...sums.values()].reduce((sum, amount) => sum + amount, 0);
  return [...sums]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([name, amount]) => `${name} ${((amount / all) * 100).toFixed(0)} %`);
}

/** Returns the npm package of a function, or the folder of ours, or the part of Node.js. */
function placeOf({ functionName, url }: ProfiledFunction): string {
  if (functionName === "(garbage collector)") return "garbage collection";
  if (url === "") return "native code, system calls";
  if (url.startsWith("node:")) return "Node.js";
  const [, inPackage] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (inPackage) return inPackage;
  const [, ours, folder] = /\/packages\/(\w+)\/src\/(?:(\w[\w-]*)\/)?/.exec(url) ?? [];
  return ours ? [ours, folder].filter(Boolean).join("/") : "other";
}
