// Loaded into a program that is measured: on SIGWINCH it collects its garbage and prints what is left.
process.on("SIGWINCH", () => {
  // What is only freed after a first collection's callbacks goes with the second.
  globalThis.gc?.();
  setTimeout(() => {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    console.log(JSON.stringify({ msg: "live memory", bytes: heapUsed + external }));
  }, 200);
});
