import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useSyncExternalStore } from '../i18n/store';

// What a page loads: again when one of `on` changes or reload() is called; a newer load wins over an older one.
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, on: readonly unknown[]) {
  const [state, set] = useState<{ value?: T; error?: unknown; busy: boolean }>({ busy: true });
  const [turn, again] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    set((s) => ({ ...s, busy: true, error: undefined }));
    load(abort.signal).then(
      (value) => !abort.signal.aborted && set({ value, busy: false }),
      (error: unknown) => !abort.signal.aborted && set((s) => ({ ...s, error, busy: false })),
    );
    return () => abort.abort();
  }, [...on, turn]);
  const reload = useCallback(() => again((k) => k + 1), []);
  const put = useCallback((value: T) => set({ value, busy: false }), []);
  return { ...state, reload, put };
}

// One thing done at a time: a second tap while the first is under way does nothing.
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const running = useRef(false);
  const run = async (f: () => Promise<void>) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setError(undefined);
    try {
      await f();
    } catch (e) {
      setError(e);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, error, run, clear: () => setError(undefined) };
}

// The page is the part of the address behind '#': #/garments/ID. Nothing secret ever stands there.
export const useRoute = (): string[] => {
  const hash = useSyncExternalStore(
    (f) => {
      addEventListener('hashchange', f);
      return () => removeEventListener('hashchange', f);
    },
    () => location.hash,
  );
  return hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent);
};
export const go = (path: string) => {
  location.hash = `#/${path}`;
};
