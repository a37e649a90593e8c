import { Icon, Logo } from "../icons/icon.tsx";
import { ThemeButton } from "../theme/theme-button.tsx";
import "./header.css";

interface HeaderProps {
  title: string | null;
  canClear: boolean;
  onNew: () => void;
  onClear: () => void;
}

export function Header({ title, canClear, onNew, onClear }: HeaderProps) {
  return (
    <header className="header">
      <Logo />
      <span className="header-brand">Memory Magic</span>
      <h1 className="header-title">{title ?? "New session"}</h1>
      <button type="button" className="button header-new" aria-label="New session" onClick={onNew}>
        <Icon name="plus" size={16} /> <span>New session</span>
      </button>
      <button
        type="button"
        className="button-icon"
        aria-label="Clear session"
        title="Clear session: delete its messages from Redis"
        disabled={!canClear}
        onClick={onClear}
      >
        <Icon name="clear" />
      </button>
      <ThemeButton />
    </header>
  );
}
