import { useEffect, useState } from 'preact/hooks';

// A value kept outside of components: draws again when it has changed.
export function useSyncExternalStore<V>(subscribe: (changed: () => void) => () => void, get: () => V): V {
  const drawn = get();
  const [, redraw] = useState(0);
  useEffect(() => {
    let last = drawn;
    const look = () => {
      const now = get();
      if (now !== last) {
        last = now;
        redraw((n) => n + 1);
      }
    };
    const leave = subscribe(look);
    look(); // effects run after the browser has painted: by then it may have changed already
    return leave;
  }, []);
  return drawn;
}
