import { Icon, Notice, Sheet } from '../design';
import { useEffect, useState } from 'preact/hooks';
import { encode } from 'uqr';
import { ApiError } from '../api/http';
import type { Avatar } from '../api/types';
import { address } from './code';
import { t } from './i18n';
import { call, ensureGuest, newestOf, persistent, show, sleep, useRoom, type Method } from './store';

const LOOK_MS = 2000;
interface Handoff { id: string; code: string; expires_at: string }

function picture(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { border: 2 });
  let path = '';
  data.forEach((row, y) => row.forEach((dark, x) => {
    if (dark) path += `M${x} ${y}h1v1h-1z`;
  }));
  return { size, path };
}

// This visit, continued on a phone: the phone reads the code and is her from then on; what it makes is shown here as it
// is made.
export function Phone({ method, onClose }: { method: Method; onClose: () => void }) {
  const { failure } = useRoom();
  const [code, setCode] = useState<{ size: number; path: string } | null>(null);
  const [there, setThere] = useState(false);
  const [broken, setBroken] = useState(false);

  useEffect(() => {
    let stopped = false;
    const avatars = async () => (await persistent(() => call<{ items: Avatar[] }>('/v1/avatars'))).items;
    // A new code each time one runs out, until one is taken.
    const wait = async (): Promise<void> => {
      while (!stopped) {
        const h = await persistent(() => call<Handoff>('/v1/handoffs', { method: 'POST' }));
        if (stopped) return;
        setCode(picture(address(h.code, method)));
        for (;;) {
          await sleep(LOOK_MS);
          if (stopped) return;
          const waits = await persistent(() => call(`/v1/handoffs/${h.id}`).then(() => true, (e: unknown) => {
            if (e instanceof ApiError && e.status === 404) return false;
            throw e;
          }));
          if (waits) continue;
          if (Date.now() < Date.parse(h.expires_at)) return;
          break;
        }
      }
    };
    void (async () => {
      await persistent(ensureGuest);
      const before = new Set((await avatars()).map((a) => a.id));
      await wait();
      if (stopped) return;
      setThere(true);
      while (!stopped) {
        const made = newestOf((await avatars()).filter((a) => !before.has(a.id)));
        if (made && !stopped) {
          onClose();
          return show(made);
        }
        await sleep(LOOK_MS);
      }
    })().catch(() => setBroken(true));
    return () => {
      stopped = true;
    };
  }, []);

  return (
    <Sheet title={t(there ? 'phone_there' : 'phone_title')} close={t('close')} onClose={onClose}>
      <div class="stack">
        {broken && <Notice tone="warn" loud>{failure?.text || t('failed_general')}</Notice>}
        <p class="soft" role="status">{t(there ? 'phone_there_text' : 'phone_text')}</p>
        {there
          ? <p class="phone-wait"><Icon name="phone" size={44} /><span class="spinner" aria-hidden="true" /></p>
          : (
            <div class="qr">
              {code && <svg role="img" aria-label={t('phone_alt')} viewBox={`0 0 ${code.size} ${code.size}`} shape-rendering="crispEdges"><rect width={code.size} height={code.size} fill="#fff" /><path d={code.path} fill="#111" /></svg>}
            </div>
          )}
        {!there && <p class="small soft">{t('phone_safe')}</p>}
      </div>
    </Sheet>
  );
}
