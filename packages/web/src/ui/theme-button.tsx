import { Icon } from "./icon.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { useTheme } from "./use-theme.ts";

export function ThemeButton() {
  const { theme, toggle } = useTheme();
  useShortcuts({ KeyT: toggle });
  const other = theme === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      className="button-icon"
      aria-label={`Switch to ${other} theme`}
      title={`Switch to ${other} theme`}
      onClick={toggle}
    >
      <Icon name={theme === "dark" ? "sun" : "moon"} />
    </button>
  );
}
