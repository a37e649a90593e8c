import type { ReactNode } from "react";

/** The address if it is one that a person may be led to: http or https, nothing else. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that someone unknown wrote: it opens elsewhere, tells nothing of this page, and is text if it is unsafe. */
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
