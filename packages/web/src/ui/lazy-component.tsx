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

/** Makes a component that is fetched when it is first shown, and again when the user asks for it. */
export function lazyComponent<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  { Failed = LoadError, Loading }: WithoutIt<Props> = {},
): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function LazyComponent(props: Props) {
    const [Part, setPart] = useState(() => loaded);
    const [hasFailed, setFailed] = useState(false);

    useEffect(() => {
      if (Part !== null || hasFailed) return;
      let isShown = true;
      loadFailedStyles()
        .then(load)
        .then(
          (part) => {
            loaded = part;
            if (isShown) setPart(() => part);
          },
          () => isShown && setFailed(true),
        );
      return () => {
        isShown = false;
      };
    }, [Part, hasFailed]);

    if (Part !== null) return <Part {...props} />;
    if (hasFailed) return <Failed {...props} onRetry={() => setFailed(false)} />;
    return Loading === undefined ? null : <Loading />;
  };
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

/** @throws Error if one does not arrive again */
async function loadFailedStyles(): Promise<void> {
  for (const href of failedStyles) {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.onload = resolve;
    link.onerror = () => reject(new Error(`${href} did not arrive`));
    document.head.append(link);
    await promise;
    failedStyles.delete(href);
  }
}
