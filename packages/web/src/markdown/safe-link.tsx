import type { ReactNode } from "react";

/** Returns the address if it is http or https, else null. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** An untrusted link: opens in a new tab, sends no referrer, and is plain text if it is unsafe. */
export function SafeLink({
  href,
  title,
  children,
}: {
  href: string;
  title?: string | undefined;
  children: ReactNode;
}) {
  const safe = safeHref(href);
  if (safe === null) return <>{children}</>;
  return (
    <a href={safe} title={title ?? safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
