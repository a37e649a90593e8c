import type { AuthMe } from "@redis-memory-magic/protocol";
import { t } from "../texts/later.ts";
import { Alert } from "../ui/alert.tsx";
import { Logo } from "../ui/icon.tsx";
import { ThemeButton } from "../ui/theme-button.tsx";
import { BearerForm } from "./bearer-form.tsx";
import "./login-view.css";
import { useFailedLogin } from "./use-failed-login.ts";

/** Replaces the conversation until the user has logged in. */
export function LoginView({ me }: { me: AuthMe | null }) {
  const failure = useFailedLogin();
  return (
    <main className="login">
      <div className="login-theme">
        <ThemeButton />
      </div>
      <div className="login-card">
        <Logo size={36} />
        <h1>{me?.login_url == null ? t.login.whoAreYou : t.login.logIn}</h1>
        <p>{t.login.why}</p>
        {failure !== null && (
          <Alert tone="bad" icon="warning">
            {failure}
          </Alert>
        )}
        {me !== null && <LoginMethods me={me} />}
      </div>
    </main>
  );
}

function LoginMethods({ me: { login_url, methods } }: { me: AuthMe }) {
  const takesKeys = methods.includes("keys");
  const bearer = t.login.nouns[takesKeys ? "key" : "token"];
  return (
    <>
      {login_url !== null && (
        <a className="button button-strong login-button" href={returningTo(login_url)}>
          {t.login.logIn}
        </a>
      )}
      {(takesKeys || login_url === null) && (
        <>
          {login_url !== null && <p className="login-or">{t.login.or}</p>}
          <BearerForm noun={bearer} />
          <p className="login-hint">
            {t.login.programs} <code>Authorization: Bearer {takesKeys ? "rmm_…" : "…"}</code>
          </p>
          {takesKeys && (
            <p className="login-hint">
              {t.login.howToMake} <code>npm run keys -- create NAME</code>
            </p>
          )}
        </>
      )}
    </>
  );
}

/** Adds the current address, so that the login returns to this session. */
const returningTo = (loginUrl: string): string =>
  `${loginUrl}?${new URLSearchParams({ return_to: location.pathname + location.hash })}`;
