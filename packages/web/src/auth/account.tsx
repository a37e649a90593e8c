import type { AuthMe } from "@redis-memory-magic/protocol";
import { keepBearer } from "../api/bearer.ts";
import { logOut } from "../api/endpoints.ts";
import { toastErrors } from "../api/toast-errors.ts";
import { t } from "../texts/later.ts";
import "./account.css";

/** Shows the logged-in user and a button to log out. Guests and `AUTH=none` have no account. */
export function Account({ me }: { me: AuthMe }) {
  if (me.via !== "login" && me.via !== "key" && me.via !== "token") return null;
  const isLogin = me.via === "login";
  return (
    <div className="account">
      <span className="account-owner" title={me.owner ?? ""}>
        {me.owner}
      </span>
      <button type="button" className="button-text" onClick={() => (isLogin ? leave() : forgetBearer())}>
        {isLogin ? t.login.logOut : t.login.forget[me.via === "key" ? "key" : "token"]}
      </button>
    </div>
  );
}

const leave = () =>
  toastErrors(async () => {
    const { end_session_url } = await logOut();
    // The identity provider ends its session too and redirects back.
    location.href = end_session_url ?? location.pathname;
    if (end_session_url === null) location.reload();
  });

function forgetBearer(): void {
  keepBearer(null);
  location.reload();
}
