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
      <FootButton icon="lanes" label="Side by side" onClick={onCompare} />
      <FootButton icon="compass" label="Guided tour" onClick={onTour} />
      <ImportButton onFile={onImport} />
      <FootButton icon="settings" label="Settings" onClick={props.onSettings} />
      <FootButton icon="keyboard" label="Shortcuts" onClick={props.onShortcuts} />
      {account}
    </>
  );
}

function FootButton({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" className="button-foot" onClick={onClick}>
      <Icon name={icon} size={15} /> {label}
    </button>
  );
}
