import type { MarkedToken, Token, Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { t } from "../texts/later.ts";
import { decodeEntities } from "./entities.ts";
import type { MathToken } from "./formulas.ts";
import { Formula } from "./math.tsx";
import { SafeLink } from "./safe-link.tsx";

/** Renders inline tokens as React elements. Nothing becomes HTML: what is not Markdown is shown as text. */
export function inline(tokens: readonly Token[] | undefined): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: a text only grows at its end, so the index is stable.
  return tokens?.map((token, index) => <Fragment key={index}>{inlineToken(token as MarkedToken)}</Fragment>);
}

function inlineToken(token: MarkedToken): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      // One tilde is a range of numbers or "about", far more often than a deletion.
      return token.raw.startsWith("~~") ? <del>{inline(token.tokens)}</del> : <>~{inline(token.tokens)}~</>;
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return link(token);
    case "image":
      // Images are never loaded: a request to a foreign address could leak the conversation.
      return <SafeLink href={token.href}>{t.markdown.image(token.text || token.href)}</SafeLink>;
    case "escape":
      return token.text;
    case "checkbox":
      return (
        <input
          type="checkbox"
          checked={token.checked}
          disabled
          aria-label={token.checked ? t.markdown.done : t.markdown.toDo}
        />
      );
    case "text":
      return token.tokens === undefined ? decodeEntities(token.text) : inline(token.tokens);
    case "html":
      return /^<br\s*\/?>$/i.test(token.raw) ? <br /> : token.raw;
    default:
      return isMath(token) ? formula(token) : (token as Token).raw;
  }
}

export const isMath = (token: Token): token is MathToken => token.type === "math";

export const formula = ({ text, raw, isBlock }: MathToken): ReactNode => (
  <Formula source={text} raw={raw} isBlock={isBlock} />
);

function link({ href, title, tokens }: Tokens.Link): ReactNode {
  return (
    <SafeLink href={href} title={title ?? undefined}>
      {inline(tokens)}
    </SafeLink>
  );
}
