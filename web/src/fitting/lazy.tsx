import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Button } from '../design';
import { t } from './i18n';

// A part of the room that is fetched when it is first needed. When that fails the page is loaded anew, which finds the
// avatar again: a browser remembers that a module failed, and after an update of the server the old parts are gone.
export function lazy<P extends object = object>(load: () => Promise<ComponentType<P>>) {
  let found: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [part, setPart] = useState<{ is: ComponentType<P> | null; failed: boolean }>({ is: found, failed: false });
    const fetchIt = () => {
      setPart({ is: null, failed: false });
      load().then((c) => setPart({ is: (found = c), failed: false }), () => setPart({ is: null, failed: true }));
    };
    useEffect(() => {
      if (!found) fetchIt();
    }, []);
    if (part.is) return <part.is {...props} />;
    return part.failed
      ? <div class="loading"><p>{t('offline_short')}</p><Button onClick={() => location.reload()}>{t('retry')}</Button></div>
      : <div class="loading" role="status"><span class="spinner" aria-hidden="true" /></div>;
  };
}
