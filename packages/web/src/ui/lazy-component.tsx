import { type ComponentType, useEffect, useState } from "react";
import { LoadError } from "./load-error.tsx";

export interface FailedProps {
  readonly onRetry: () => void;
  readonly onClose?: () => void;
}

interface WithoutIt<Props> {
  /** Shown if loading failed: no network, or a newer version was deployed. By default says so. */
  readonly Failed?: ComponentType<Props & FailedProps>;
  /** Shown while it loads; by default nothing. */
  readonly Loading?: ComponentType;
}

/** A component that is fetched when it is first shown. */
type LazyComponent<Props> = ComponentType<Props> & {
  /** Fetches it before it is shown. A failure is reported when it is. */
  readonly preload: () => void;
};

/** Makes a component that is fetched when it is first shown, and again when the user asks for it. */
export function lazyComponent<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  { Failed = LoadError, Loading }: WithoutIt<Props> = {},
): LazyComponent<Props> {
  let loaded: ComponentType<Props> | null = null;
  /** Style sheets that did not arrive with it. */
  const missing = new Set<string>();

  async function fetchPart(): Promise<ComponentType<Props>> {
    const before = new Set(failedStyles);
    try {
      await loadFailedStyles(missing);
      loaded = await load();
      return loaded;
    } catch (error) {
      for (const href of failedStyles) if (!before.has(href)) missing.add(href);
      throw error;
    }
  }

  function LazyComponent(props: Props) {
    const [Part, setPart] = useState(() => loaded);
    const [hasFailed, setFailed] = useState(false);

    useEffect(() => {
      if (Part !== null || hasFailed) return;
      let isShown = true;
      fetchPart().then(
        (part) => {
          if (isShown) setPart(() => part);
        },
        () => {
          if (isShown) setFailed(true);
        },
      );
      return () => {
        isShown = false;
      };
    }, [Part, hasFailed]);

    if (Part !== null) return <Part {...props} />;
    if (hasFailed) return <Failed {...props} onRetry={() => setFailed(false)} />;
    return Loading === undefined ? null : <Loading />;
  }
  return Object.assign(LazyComponent, { preload: () => void fetchPart().catch(() => {}) });
}

/** Addresses of style sheets that did not arrive: Vite asks for each one once. */
const failedStyles = new Set<string>();
document.addEventListener(
  "error",
  ({ target }) => {
    if (!(target instanceof HTMLLinkElement) || target.rel !== "stylesheet") return;
    failedStyles.add(target.href);
    target.remove();
  },
  true,
);

/** Asks for the styles that did not arrive: a part may share them. @throws Error if one of `needed` does not again */
async function loadFailedStyles(needed: ReadonlySet<string>): Promise<void> {
  const loads = [...failedStyles].map((href) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = () => {
      failedStyles.delete(href);
      resolve();
    };
    link.onerror = () => resolve();
    document.head.append(link);
    return needed.has(href) ? promise : undefined;
  });
  await Promise.all(loads);
  for (const href of needed) if (failedStyles.has(href)) throw new Error(`${href} did not arrive`);
}
