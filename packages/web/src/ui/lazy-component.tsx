import { type ComponentType, lazy, Suspense } from "react";

interface WithoutIt<Props> {
  /** Where it cannot be had: the network is gone, or a newer version was deployed. The rest of the page goes on. */
  readonly Failed: ComponentType<Props>;
  /** Until it is there; by default nothing. */
  readonly Loading?: ComponentType<Props>;
}

/** A part of the page that is fetched when it is first shown. */
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
