import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

/** What the kernel knows of a process; Linux only. */
export function figuresOf(pid: number): { cpuMs: number; residentMb: number; descriptors: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    residentMb: (pages * 4096) / 1024 / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
