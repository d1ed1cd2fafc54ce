import { Icon, IconButton, Segmented } from '../design';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/http';
import type { Drape } from '../api/types';
import type { Stage as StageClass, Closeup, View } from '../viewer/stage';
import { t } from './i18n';
import { compareWith, fetchBytes, sizesOf, untilOnline, useRoom } from './store';

// The shop's colours of its demo pieces; a brand's own GLB has its own.
const COLORS: Record<string, string> = { tshirt: '#5f7f8f', dress: '#a4564a', trousers: '#4a4f5c', shirt: '#c9d3dc', hoodie: '#7c8a6a', skirt: '#3f5878' };

const TROUBLE = { lost: 'viewer_lost', offline: 'offline_short', cannot: 'viewer_none' } as const;

// The mesh that shows a size: the one that all sizes share, or the brand's own for this size.
const SHARED = '';
const meshOf = (size: string, d: Drape): string => (d.bin_url ? SHARED : size);
interface Wardrobe { tryon: string; mesh: string; glb: Promise<void> | null; busy: Set<string> } // busy: sizes fetched, or on their way
const nothing = (): Wardrobe => ({ tryon: '', mesh: SHARED, glb: null, busy: new Set() });

// For what found no connection: turn changes when it is time to ask again, each time in a row later.
function useTurns() {
  const [turn, setTurn] = useState(0);
  const inRow = useRef(0);
  const waiting = useRef(false);
  const again = () => {
    if (waiting.current) return;
    waiting.current = true;
    void untilOnline(inRow.current++).then(() => {
      waiting.current = false;
      setTurn((n) => n + 1);
    });
  };
  return { turn, again, begin: () => void (inRow.current = 0) };
}

// Body and garment on the stage. What is shown follows the state; three.js is fetched when this is first drawn.
export function Stage3d() {
  const s = useRoom();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [stage, setStage] = useState<StageClass | null>(null);
  const [trouble, setTrouble] = useState<'none' | 'lost' | 'offline' | 'cannot'>('none');
  const [body, setBody] = useState(''); // whose body is on the stage
  const [sizes, setSizes] = useState<ReadonlySet<string>>(new Set()); // those ready to be shown
  const [view, setView] = useState<View | ''>('');
  const [part, setPart] = useState<Closeup>('whole');
  const [heat, setHeat] = useState(false);
  const loaded = useRef(nothing());
  const { turn, again, begin } = useTurns();
  const noLine = () => {
    setTrouble('offline');
    again();
  };
  const wentWell = () => {
    setTrouble((now) => (now === 'lost' ? now : 'none'));
    begin();
  };

  useEffect(() => {
    let made: StageClass | null = null;
    let stopped = false;
    import('../viewer/stage').then(({ Stage }) => {
      if (stopped || !canvas.current) return;
      made = new Stage(canvas.current, (lost) => setTrouble(lost ? 'lost' : 'none'));
      setStage(made);
    }).catch(() => setTrouble('cannot'));
    return () => {
      stopped = true;
      made?.dispose();
    };
  }, []);

  const avatar = s.avatar;
  const bodyUrl = avatar?.files['avatar.web.glb'] ?? avatar?.files['avatar.glb'];
  const bodyKey = avatar ? `${avatar.id} ${avatar.updated_at}` : '';
  useEffect(() => {
    if (!stage || !bodyUrl || body === bodyKey) return;
    let stopped = false;
    fetchBytes(bodyUrl).then((b) => (stopped ? undefined : stage.setBody(b))).then(() => {
      if (stopped) return;
      loaded.current = nothing();
      setSizes(new Set());
      setBody(bodyKey);
      wentWell();
    }).catch((e: Error) => {
      if (stopped || e.name === 'AbortError') return;
      if (e instanceof ApiError && e.offline) noLine();
      else setTrouble('cannot');
    });
    return () => {
      stopped = true;
    };
  }, [stage, bodyKey, body, turn]);

  // Sizes as they come out of the drape: the chosen one first.
  const tryon = s.tryon;
  useEffect(() => {
    if (!stage || !tryon || body !== bodyKey || !body) return;
    const ready = Object.entries(tryon.drapes ?? {}).filter(([, d]) => d.status === 'ready' && d.garment_url);
    ready.sort(([a], [b]) => Number(b === s.size) - Number(a === s.size));
    const chosen = ready.find(([size]) => size === s.size);
    let l = loaded.current;
    const mesh = chosen ? meshOf(...chosen) : l.tryon === tryon.id ? l.mesh : SHARED;
    if (l.tryon !== tryon.id || l.mesh !== mesh) {
      l = loaded.current = { tryon: tryon.id, mesh, glb: null, busy: new Set() };
      setSizes(new Set());
    }
    const stale = () => loaded.current !== l;
    const dress = async (url: string) => {
      const glb = await fetchBytes(url);
      if (!stale()) await stage.setGarment(glb, mesh === SHARED ? COLORS[s.embed?.garment?.category ?? ''] : undefined);
    };
    const load = async (size: string, d: Drape) => {
      l.busy.add(size);
      try {
        await (l.glb ??= dress(d.garment_url!).catch((e: unknown) => {
          l.glb = null;
          throw e;
        }));
        const bin = d.bin_url ? await fetchBytes(d.bin_url) : null;
        if (stale()) return;
        if (bin) stage.addSize(size, bin);
        else stage.addOwnSize(size);
        setSizes((old) => new Set(old).add(size));
        wentWell();
      } catch (e) {
        l.busy.delete(size); // links run out: the next answer of the server tries again
        if (!stale() && e instanceof ApiError && e.offline) noLine();
      }
    };
    let stopped = false;
    void (async () => {
      for (const [size, d] of ready) {
        if (stopped) return;
        if (meshOf(size, d) === mesh && !l.busy.has(size)) await load(size, d);
      }
    })();
    return () => {
      stopped = true;
    };
  }, [stage, tryon, body, bodyKey, s.size, turn]);

  const shown = s.size && sizes.has(s.size) ? s.size : null;
  const beside = s.beside && sizes.has(s.beside) ? s.beside : null;
  useLayoutEffect(() => {
    if (!stage || !body) return;
    stage.show(shown, shown ? beside : null);
    stage.heat(heat);
  }, [stage, body, shown, beside, heat, sizes]);

  const chosen = s.size ? s.tryon?.drapes?.[s.size] : undefined;
  const label = shown ? t('room_stage', { garment: s.embed!.garment!.name, size: shown }) : t('room_stage_body');
  // Side by side on one mesh only.
  const sharing = sizesOf(s).filter((n) => {
    const d = s.tryon?.drapes?.[n];
    return !(d?.status === 'ready' && meshOf(n, d) !== SHARED);
  });
  const others = sharing.filter((n) => n !== s.size);
  return (
    <section class={`stage${s.beside ? ' stage-comparing' : ''}`} aria-label={label}>
      <canvas ref={canvas} class="stage-canvas" tabIndex={0} role="img" aria-label={label} data-ready={shown ?? ''} data-body={body ? '1' : ''} />
      {(!body || s.updating) && trouble === 'none' && (
        <p class="stage-note" role="status"><span class="spinner" aria-hidden="true" />{t(s.updating ? 'body_updating' : 'work_body')}</p>
      )}
      {body && !s.updating && s.size && !shown && chosen && trouble === 'none' && (
        <p class="stage-note" role="status">
          {chosen.status === 'failed' ? t('dressing_failed') : <><span class="spinner" aria-hidden="true" />{t('dressing', { size: s.size })}</>}
        </p>
      )}
      {trouble !== 'none' && <p class="stage-note" role="status">{t(TROUBLE[trouble])}</p>}
      {beside && shown && (
        <div class="stage-names" aria-hidden="true"><span>{shown}</span><span>{beside}</span></div>
      )}
      {body && (
        <>
          <div class="stage-tools">
            <button type="button" class="tool" aria-pressed={heat} disabled={!shown} onClick={() => setHeat(!heat)}><Icon name="heat" size={20} /><span>{t('heat')}</span></button>
            <button type="button" class="tool" aria-pressed={!!s.beside} disabled={!shown || !sharing.includes(shown) || others.length === 0} onClick={() => {
              const i = sharing.indexOf(s.size!);
              const next = s.tryon?.fit?.between_sizes ? s.tryon.fit.runner_up : null;
              compareWith(s.beside ? null : (next && others.includes(next) ? next : (sharing[i + 1] ?? sharing[i - 1] ?? null)));
            }}><Icon name="compare" size={20} /><span>{t('compare')}</span></button>
            <button type="button" class="tool" aria-label={`${t('closeup')}: ${t(part)}`} onClick={() => {
              const order: Closeup[] = ['whole', 'top', 'middle', 'bottom'];
              const next = order[(order.indexOf(part) + 1) % order.length]!;
              setPart(next);
              stage?.closeup(next);
            }}><Icon name="zoom" size={20} /><span>{t(part === 'whole' ? 'closeup' : part)}</span></button>
          </div>
          <div class="stage-views">
            <Segmented label={t('view')} value={view} onValue={(v) => {
              setView(v);
              stage?.view(v);
            }} options={[{ value: 'front', label: t('front') }, { value: 'side', label: t('side') }, { value: 'back', label: t('back_view') }]} />
          </div>
          {heat && shown && (
            <div class="legend" role="img" aria-label={t('heat_legend')}>
              <span class="legend-bar" aria-hidden="true" />
              <span class="legend-words" aria-hidden="true"><span>{t('heat_loose')}</span><span>{t('heat_easy')}</span><span>{t('heat_tight')}</span></span>
            </div>
          )}
          {s.beside && (
            <div class="compare-bar">
              <div class="chips" role="group" aria-label={t('compare_with', { size: s.size ?? '' })}>
                <span class="chips-label">{s.size} +</span>
                {others.map((n) => <button key={n} type="button" class="chip" aria-pressed={n === s.beside} onClick={() => compareWith(n)}>{n}</button>)}
              </div>
              <IconButton label={t('compare_stop')} onClick={() => compareWith(null)}><Icon name="close" size={20} /></IconButton>
            </div>
          )}
        </>
      )}
    </section>
  );
}
