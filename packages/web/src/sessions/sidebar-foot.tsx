import type { ReactNode } from "react";
import { Icon, type IconName } from "../ui/icon.tsx";
import { ImportButton } from "./import-button.tsx";

interface SidebarFootProps {
  account: ReactNode;
  onCompare: () => void;
  onTour: () => void;
  onSettings: () => void;
  onShortcuts: () => void;
  onImport: (file: File) => void;
}

export function SidebarFoot({ account, onCompare, onTour, onImport, ...props }: SidebarFootProps) {
  return (
    <>
      <FootButton icon="lanes" words="Side by side" onClick={onCompare} />
      <FootButton icon="compass" words="Guided tour" onClick={onTour} />
      <ImportButton onFile={onImport} />
      <FootButton icon="settings" words="Settings" onClick={props.onSettings} />
      <FootButton icon="keyboard" words="Shortcuts" onClick={props.onShortcuts} />
      {account}
    </>
  );
}

function FootButton({ icon, words, onClick }: { icon: IconName; words: string; onClick: () => void }) {
  return (
    <button type="button" className="button-foot" onClick={onClick}>
      <Icon name={icon} size={15} /> {words}
    </button>
  );
}
