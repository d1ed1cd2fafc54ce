import { useEffect, useState } from 'preact/hooks';

// A value kept outside of components: draws again when it has changed.
export function useSyncExternalStore<V>(subscribe: (changed: () => void) => () => void, get: () => V): V {
  const [, redraw] = useState(0);
  useEffect(() => {
    let last = get();
    return subscribe(() => {
      const now = get();
      if (now !== last) {
        last = now;
        redraw((n) => n + 1);
      }
    });
  }, []);
  return get();
}
