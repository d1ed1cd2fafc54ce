import { Icon, IconButton, Segmented } from '../design';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Stage as StageClass, Closeup, View } from '../viewer/stage';
import { t } from './i18n';
import { compareWith, fetchBytes, sizesOf, useRoom } from './store';

// The shop's colours of its demo pieces; a brand's own GLB has its own.
const COLORS: Record<string, string> = { tshirt: '#5f7f8f', dress: '#a4564a', trousers: '#4a4f5c', shirt: '#c9d3dc', hoodie: '#7c8a6a', skirt: '#3f5878' };

// Body and garment on the stage. What is shown follows the state; three.js is fetched when this is first drawn.
export function Stage3d() {
  const s = useRoom();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [stage, setStage] = useState<StageClass | null>(null);
  const [trouble, setTrouble] = useState<'none' | 'lost' | 'cannot'>('none');
  const [body, setBody] = useState(''); // whose body is on the stage
  const [sizes, setSizes] = useState<ReadonlySet<string>>(new Set()); // those ready to be shown
  const [view, setView] = useState<View | ''>('');
  const [part, setPart] = useState<Closeup>('whole');
  const [heat, setHeat] = useState(false);
  const loaded = useRef({ tryon: '', garment: '', busy: new Set<string>() });

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
      loaded.current = { tryon: '', garment: '', busy: new Set() };
      setSizes(new Set());
      setBody(bodyKey);
    }).catch((e: Error) => !stopped && e.name !== 'AbortError' && setTrouble('cannot'));
    return () => {
      stopped = true;
    };
  }, [stage, bodyKey, body]);

  // Sizes as they come out of the drape: the chosen one first.
  const tryon = s.tryon;
  useEffect(() => {
    if (!stage || !tryon || body !== bodyKey || !body) return;
    const l = loaded.current;
    if (l.tryon !== tryon.id) {
      l.tryon = tryon.id;
      l.garment = '';
      l.busy = new Set();
      setSizes(new Set());
    }
    const ready = Object.entries(tryon.drapes ?? {}).filter(([, d]) => d.status === 'ready' && d.garment_url);
    ready.sort(([a], [b]) => Number(b === s.size) - Number(a === s.size));
    let stopped = false;
    void (async () => {
      for (const [size, d] of ready) {
        if (stopped || l.tryon !== tryon.id) return;
        if (l.busy.has(size) && d.bin_url) continue;
        try {
          if (d.bin_url) {
            l.busy.add(size);
            if (!l.garment) {
              const glb = await fetchBytes(d.garment_url!);
              if (l.tryon !== tryon.id) return;
              if (!l.garment) await stage.setGarment(glb, COLORS[s.embed?.garment?.category ?? '']);
              l.garment = size;
            }
            const bin = await fetchBytes(d.bin_url);
            if (l.tryon !== tryon.id) return;
            stage.addSize(size, bin);
            setSizes((old) => new Set(old).add(size));
          } else if (size === s.size && l.garment !== size) {
            // Sizes with meshes of their own: one at a time.
            const glb = await fetchBytes(d.garment_url!);
            if (stopped) return;
            await stage.setGarment(glb);
            stage.addOwnSize(size);
            l.garment = size;
            setSizes(new Set([size]));
          }
        } catch {
          l.busy.delete(size); // links run out, lines break: the next answer of the server tries again
        }
      }
    })();
    return () => {
      stopped = true;
    };
  }, [stage, tryon, body, bodyKey, s.size]);

  const shown = s.size && sizes.has(s.size) ? s.size : null;
  const beside = s.beside && sizes.has(s.beside) ? s.beside : null;
  useLayoutEffect(() => {
    if (!stage || !body) return;
    stage.show(shown, shown ? beside : null);
    stage.heat(heat);
  }, [stage, body, shown, beside, heat, sizes]);

  const chosen = s.size ? s.tryon?.drapes?.[s.size] : undefined;
  const label = shown ? t('room_stage', { garment: s.embed!.garment!.name, size: shown }) : t('room_stage_body');
  const others = sizesOf(s).filter((n) => n !== s.size);
  return (
    <section class={`stage${s.beside ? ' stage-comparing' : ''}`} aria-label={label}>
      <canvas ref={canvas} class="stage-canvas" tabIndex={0} role="img" aria-label={label} data-ready={shown ?? ''} data-body={body ? '1' : ''} />
      {(!body || s.updating) && trouble !== 'cannot' && (
        <p class="stage-note" role="status"><span class="spinner" aria-hidden="true" />{t(s.updating ? 'body_updating' : 'work_body')}</p>
      )}
      {body && !s.updating && s.size && !shown && chosen && (
        <p class="stage-note" role="status">
          {chosen.status === 'failed' ? t('dressing_failed') : <><span class="spinner" aria-hidden="true" />{t('dressing', { size: s.size })}</>}
        </p>
      )}
      {trouble !== 'none' && <p class="stage-note" role="status">{t(trouble === 'lost' ? 'viewer_lost' : 'viewer_none')}</p>}
      {beside && shown && (
        <div class="stage-names" aria-hidden="true"><span>{shown}</span><span>{beside}</span></div>
      )}
      {body && (
        <>
          <div class="stage-tools">
            <button type="button" class="tool" aria-pressed={heat} disabled={!shown} onClick={() => setHeat(!heat)}><Icon name="heat" size={20} /><span>{t('heat')}</span></button>
            <button type="button" class="tool" aria-pressed={!!s.beside} disabled={!shown || others.length === 0} onClick={() => {
              const all = sizesOf(s);
              const i = all.indexOf(s.size!);
              compareWith(s.beside ? null : (s.tryon?.fit?.between_sizes && s.tryon.fit.runner_up !== s.size ? s.tryon.fit.runner_up : (all[i + 1] ?? all[i - 1] ?? null)));
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
