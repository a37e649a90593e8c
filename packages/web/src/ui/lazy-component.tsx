import { type ComponentType, lazy, Suspense } from "react";

interface WithoutIt<Props> {
  /** Shown if loading failed: no network, or a newer version was deployed. The rest of the page keeps working. */
  readonly Failed: ComponentType<Props>;
  /** Shown while it loads; by default nothing. */
  readonly Loading?: ComponentType<Props>;
}

/** Makes a component that is fetched when it is first shown. */
export function lazyComponent<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  { Failed, Loading }: WithoutIt<Props>,
): ComponentType<Props> {
  const Part = lazy(() =>
    load()
      .catch(() => Failed)
      .then((part) => ({ default: part })),
  );
  return function LazyComponent(props: Props) {
    return (
      <Suspense fallback={Loading && <Loading {...props} />}>
        <Part {...props} />
      </Suspense>
    );
  };
}
