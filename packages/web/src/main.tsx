import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./ui/styles/tokens.css";
import "./ui/styles/base.css";
import "./ui/styles/controls.css";
import { App } from "./app/app.tsx";
import { language } from "./texts/locale.ts";
import { loadTexts } from "./texts/texts.ts";
import { wantedLanguage } from "./ui/choose-language.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
await loadTexts(wantedLanguage());
document.documentElement.lang = language;
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
