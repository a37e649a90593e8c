import { t } from "../texts/texts.ts";
import { Icon } from "./icon.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { useTheme } from "./use-theme.ts";

export function ThemeButton() {
  const { theme, toggle } = useTheme();
  useShortcuts({ KeyT: toggle });
  const label = t.header.themes[theme === "dark" ? "light" : "dark"];
  return (
    <button type="button" className="button-icon" aria-label={label} title={label} onClick={toggle}>
      <Icon name={theme === "dark" ? "sun" : "moon"} />
    </button>
  );
}
