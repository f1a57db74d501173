/** The dialogs, loaded when the first of them is opened, or when the browser has nothing better to do. */
import { type ComponentProps, lazy, Suspense } from "react";

const loadItem = () => import("./ItemDialog");
const loadReserve = () => import("./ReserveDialog");
const LazyItem = lazy(async () => ({ default: (await loadItem()).ItemDialog }));
const LazyReserve = lazy(async () => ({ default: (await loadReserve()).ReserveDialog }));

// Each waits by itself: the page behind it must not be taken away, and lose where it was scrolled to.
export function ItemDialog(props: ComponentProps<typeof LazyItem>) {
  return (
    <Suspense>
      <LazyItem {...props} />
    </Suspense>
  );
}

export function ReserveDialog(props: ComponentProps<typeof LazyReserve>) {
  return (
    <Suspense>
      <LazyReserve {...props} />
    </Suspense>
  );
}

setTimeout(() => void Promise.allSettled([loadItem(), loadReserve()]), 2_000);
