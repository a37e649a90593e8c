import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./ui/styles/tokens.css";
import "./ui/styles/base.css";
import "./ui/styles/controls.css";
import { App } from "./app/app.tsx";
import { language } from "./texts/locale.ts";
import { loadTexts, t } from "./texts/texts.ts";
import { Alert } from "./ui/alert.tsx";
import { wantedLanguage } from "./ui/choose-language.ts";
import { ErrorBoundary } from "./ui/error-boundary.tsx";
import { keepFocus } from "./ui/keep-focus.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
keepFocus();
// No top-level await: a language's table imports from the file that this module is built into.
void loadTexts(wantedLanguage()).then(() => {
  document.documentElement.lang = language;
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary fallback={<PageFailed />}>
        <App />
      </ErrorBoundary>
    </StrictMode>,
  );
});

/** A page and a server of different versions, for example. What is stored is not touched. */
function PageFailed() {
  return (
    <main>
      <div role="alert">
        <Alert
          tone="bad"
          icon="warning"
          actions={
            <button type="button" className="button button-small" onClick={() => location.reload()}>
              {t.common.reload}
            </button>
          }
        >
          {t.common.pageFailed}
        </Alert>
      </div>
    </main>
  );
}
