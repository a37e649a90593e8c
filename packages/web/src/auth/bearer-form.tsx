import { useId, useState } from "react";
import { asApiError } from "../api/api-error.ts";
import { keepBearer } from "../api/bearer.ts";
import { fetchMe } from "../api/endpoints.ts";
import { t } from "../texts/later.ts";

/** Visible ASCII only: what a header may contain, without the line ends that a paste can bring. */
const BEARER = /^[\x21-\x7e]+$/;

/** Checks a key with the server and keeps it for this tab if the server accepts it. */
export function BearerForm({ noun }: { noun: string }) {
  const id = useId();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);

  async function enter() {
    const bearer = text.trim();
    setIsAsking(true);
    try {
      if (!BEARER.test(bearer)) throw new TypeError(t.login.malformed(noun));
      keepBearer(bearer);
      const { authenticated } = await fetchMe();
      // The page starts again, so that every request is repeated with the key.
      if (authenticated) return location.reload();
      keepBearer(null);
      setProblem(t.login.unknown(noun));
    } catch (error) {
      keepBearer(null);
      setProblem(error instanceof TypeError ? error.message : asApiError(error).message);
    }
    setIsAsking(false);
  }

  return (
    <form
      className="bearer"
      onSubmit={(event) => {
        event.preventDefault();
        void enter();
      }}
    >
      <label htmlFor={id}>{t.login.label(noun)}</label>
      <div className="bearer-line">
        {/* Keeps the browser from offering to save the key. */}
        <input
          id={id}
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== null}
          aria-describedby={`${id}-problem`}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button" disabled={text.trim() === "" || isAsking}>
          {t.login.use}
        </button>
      </div>
      <p id={`${id}-problem`} className="bearer-problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
