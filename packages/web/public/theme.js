// Runs before the first paint, so that the page never flashes in the other theme. A file of its own:
// the Content-Security-Policy allows no inline scripts. src/theme/theme.ts reads and writes the same key.
(() => {
  let theme = null;
  try {
    theme = localStorage.getItem("memory-magic:theme");
  } catch {
    // Storage is blocked: the system's theme it is.
  }
  if (theme !== "light" && theme !== "dark") {
    theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.dataset.theme = theme;
})();
