import { useEffect, useState } from "react";
import { readStored, writeStored } from "./browser-storage.ts";

export type Theme = "light" | "dark";

const STORED = "theme";
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = (): Theme => (systemIsDark.matches ? "dark" : "light");

function storedTheme(): Theme | null {
  const theme = readStored(STORED);
  return theme === "light" || theme === "dark" ? theme : null;
}

/** Returns the theme: the user's choice, else the system's, also when it changes. public/theme.js sets it first. */
export function useTheme() {
  const [chosen, setChosen] = useState(storedTheme);
  const [system, setSystem] = useState(systemTheme);
  const theme = chosen ?? system;

  useEffect(() => {
    const follow = () => setSystem(systemTheme());
    systemIsDark.addEventListener("change", follow);
    return () => systemIsDark.removeEventListener("change", follow);
  }, []);

  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);

  const toggle = () => {
    const next = theme === "dark" ? "light" : "dark";
    writeStored(STORED, next);
    setChosen(next);
  };
  return { theme, toggle };
}
