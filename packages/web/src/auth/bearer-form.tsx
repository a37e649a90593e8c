import { useId, useState } from "react";
import { asApiError } from "../api/api-error.ts";
import { keepBearer } from "../api/bearer.ts";
import { fetchMe } from "../api/endpoints.ts";

/** What is sent in a header: what is visible, and nothing that a paste brings along. */
const BEARER = /^[\x21-\x7e]+$/;

/** Takes a key for this tab, and goes on with it if the server knows it. */
export function BearerForm({ noun }: { noun: string }) {
  const id = useId();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);

  async function enter() {
    const bearer = text.trim();
    setIsAsking(true);
    try {
      if (!BEARER.test(bearer)) throw new TypeError(`This is no ${noun}: it has characters that none has.`);
      keepBearer(bearer);
      const { authenticated } = await fetchMe();
      // All that the page has asked for so far, it asks for again, as somebody.
      if (authenticated) return location.reload();
      keepBearer(null);
      setProblem(`The server does not know this ${noun}: it is mistyped, revoked, or has ended.`);
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
      <label htmlFor={id}>Use an {noun} in this tab, until it is closed</label>
      <div className="bearer-line">
        {/* Nothing that a browser should offer to keep. */}
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
          Use
        </button>
      </div>
      <p id={`${id}-problem`} className="bearer-problem" role="alert">
        {problem}
      </p>
    </form>
  );
}
