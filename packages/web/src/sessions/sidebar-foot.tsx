import type { ReactNode } from "react";
import { t } from "../texts/texts.ts";
import { FileButton } from "../ui/file-button.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";

interface SidebarFootProps {
  account: ReactNode;
  onCompare: () => void;
  onTour: () => void;
  onNotes: () => void;
  onSettings: () => void;
  onShortcuts: () => void;
  onImport: (file: File) => void;
}

export function SidebarFoot({ account, onCompare, onTour, onImport, ...props }: SidebarFootProps) {
  return (
    <>
      <FootButton icon="lanes" label={t.common.sideBySide} onClick={onCompare} />
      <FootButton icon="compass" label={t.common.guidedTour} onClick={onTour} />
      <FileButton className="button-foot" fileLabel={t.sessions.file} onFile={onImport} />
      <FootButton icon="note" label={t.common.notes} onClick={props.onNotes} />
      <FootButton icon="settings" label={t.common.settings} onClick={props.onSettings} />
      <FootButton icon="keyboard" label={t.sessions.shortcuts} onClick={props.onShortcuts} />
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
