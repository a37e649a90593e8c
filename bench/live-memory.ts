// Loaded into a measured program: on SIGWINCH it collects garbage and prints the memory in use.
process.on("SIGWINCH", () => {
  // The second collection frees what the callbacks of the first released.
  globalThis.gc?.();
  setTimeout(() => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    console.log(JSON.stringify({ msg: "live memory", bytes: heapUsed + external }));
  }, 200);
});
