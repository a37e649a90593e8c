import { readFile, statfs } from "node:fs/promises";
import { release, totalmem } from "node:os";
import { dirname } from "node:path";

/** The machine that the doctor runs on, as far as its checks look at it. */
export interface Machine {
  /** Milliseconds since 1970. */
  now(): number;
  /** The version of its kernel. */
  readonly kernel: string;
  readonly memoryBytes: number;
  /** Resolves with vm.overcommit_memory; undefined on a system that has no such setting. */
  overcommitMemory(): Promise<string | undefined>;
  /** Resolves with the free bytes of the disk that a folder is on, or would be on. */
  freeBytes(folder: string): Promise<number>;
}

export const thisMachine: Machine = {
  now: Date.now,
  kernel: release(),
  memoryBytes: totalmem(),
  // In a container too, this is the setting of its machine.
  overcommitMemory: () =>
    readFile("/proc/sys/vm/overcommit_memory", "utf8").then(
      (text) => text.trim(),
      () => undefined,
    ),
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfsOfNearest(folder);
    return Number(bavail) * Number(bsize);
  },
};

/** Of the folder, or of its nearest parent that exists. */
async function statfsOfNearest(folder: string): ReturnType<typeof statfs> {
  return statfs(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" || dirname(folder) === folder) throw error;
    return statfsOfNearest(dirname(folder));
  });
}
