import { Button, Icon, Notice, Segmented } from '../design';
import { useState } from 'preact/hooks';
import type { Fit } from '../api/types';
import { i18n, t } from './i18n';
import { Measurements } from './Measurements';
import { Stage3d } from './Stage3d';
import { addToCart, chooseSize, closest, like, shop, sizesOf, useRoom, type Liking, type State } from './store';
import { easeText, fitWord, hint, list, regionName } from './words';

export function Room() {
  const s = useRoom();
  const [tab, setTab] = useState<'fit' | 'body'>('fit');
  const sizes = sizesOf(s);
  const fit = s.tryon?.fit ?? null;
  return (
    <div class="room">
      <Stage3d />
      <div class="panel">
        <h1 class="visually-hidden" tabIndex={-1}>{s.embed!.garment!.name}</h1>
        {s.notice && <Notice tone="warn" loud>{t(s.notice)}</Notice>}
        <div class="verdict" aria-live="polite">{s.tryon ? <Verdict s={s} fit={fit} /> : <p class="soft row"><span class="spinner" aria-hidden="true" />{t('work_dress')}</p>}</div>
        {sizes.length > 0 && (
          <div class="sizes" role="group" aria-label={t('sizes')}>
            {sizes.map((n) => {
              const f = fit?.sizes[n];
              const best = fit?.recommended === n;
              return (
                <button key={n} type="button" class={`size size-${f?.class ?? 'unknown'}`} aria-pressed={n === s.size} onClick={() => chooseSize(n)}>
                  <span class="size-name">{n}</span>
                  {f && <span class="size-word">{fitWord(f.class)}</span>}
                  {best && <span class="size-best"><Icon name="check" size={14} /><span class="visually-hidden">{t('recommended')}</span></span>}
                </button>
              );
            })}
          </div>
        )}
        {fit && (
          <div class="liking">
            <span class="small soft" aria-hidden="true">{t('like_title')}</span>
            <Segmented<Liking> label={t('like_title')} value={s.liking} onValue={like} options={[{ value: 'snug', label: t('like_snug') }, { value: 'regular', label: t('like_regular') }, { value: 'loose', label: t('like_loose') }]} />
          </div>
        )}
        <div class="tabs" role="tablist" aria-label={t('title')}>
          {(['fit', 'body'] as const).map((k) => (
            <button key={k} type="button" role="tab" id={`tab-${k}`} aria-selected={tab === k} aria-controls={`pane-${k}`} tabIndex={tab === k ? 0 : -1} onClick={() => setTab(k)} onKeyDown={(e) => {
              if (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight') return;
              const other = k === 'fit' ? 'body' : 'fit';
              setTab(other);
              document.getElementById(`tab-${other}`)?.focus();
            }}>{t(k === 'fit' ? 'tab_fit' : 'tab_body')}</button>
          ))}
        </div>
        <div role="tabpanel" id={`pane-${tab}`} aria-labelledby={`tab-${tab}`} tabIndex={-1}>
          {tab === 'fit' ? <Regions s={s} fit={fit} /> : <Measurements />}
        </div>
      </div>
      <Cart s={s} />
    </div>
  );
}

function Verdict({ s, fit }: { s: State; fit: Fit | null }) {
  if (!fit) return <><h2>{t('rec_unknown')}</h2><p class="soft">{t('rec_unknown_text')}</p></>;
  const best = fit.recommended;
  if (!best) {
    const near = closest(s.tryon!);
    const f = near ? fit.sizes[near] : undefined;
    const worst = f?.regions.find((r) => r.region === f.worst_region);
    return (
      <>
        <h2>{t('rec_none')}</h2>
        <p class="soft">{t('rec_none_text', { size: near ?? '' })}{worst && ` ${t('why_region', { region: `${near}, ${regionName(worst.region)}:`, ease: easeText(worst, s.units) })}.`}</p>
      </>
    );
  }
  const f = fit.sizes[best]!;
  const other = fit.runner_up;
  const between = fit.between_sizes && other;
  // What speaks for it: the first places that sit as meant. Regions come with the weightiest first.
  const well = f.regions.filter((r) => r.class === 'fitted');
  const telling = (well.length ? well : f.regions).slice(0, 2);
  return (
    <>
      <h2>{between ? t('rec_between', pair(best, other, s)) : t('rec_title', { size: best })}</h2>
      {between
        ? <p class="soft">{t('rec_between_text', pair(best, other, s))} {t('rec_title', { size: best })}.</p>
        : <p class="soft">{t('why_good', { size: best, regions: list(telling.map((r) => t('why_region', { region: inSentence(regionName(r.region)), ease: easeText(r, s.units) }))) })}</p>}
      <p class="odds"><span class="odds-dot" aria-hidden="true" />{t('rec_probability', { percent: i18n.percent(Math.min(0.99, f.probability)) })}</p>
      {f.probability < UNSURE && <p class="soft small">{t('rec_unsure')}</p>}
    </>
  );
}

// Below this a recommendation is the best of guesses, and says so.
const UNSURE = 0.4;

// The smaller of the two first.
function pair(a: string, b: string, s: State): { a: string; b: string } {
  const order = sizesOf(s);
  return order.indexOf(a) < order.indexOf(b) ? { a, b } : { a: b, b: a };
}

// Names of places are nouns: German writes them large, others small within a sentence.
const inSentence = (word: string): string => (i18n.language() === 'de' ? word : word.toLocaleLowerCase(i18n.language()));

function Regions({ s, fit }: { s: State; fit: Fit | null }) {
  const f = s.size ? fit?.sizes[s.size] : undefined;
  const other = s.beside ? fit?.sizes[s.beside] : undefined;
  const hints = (s.avatar?.verdict ?? []).map((v) => hint(typeof v === 'string' ? v : (v.code ?? ''))).filter((v): v is string => !!v);
  if (!f) return null;
  return (
    <div class="stack" style={{ '--gap': '14px' }}>
      <h3>{t('regions_title', { size: s.size! })}</h3>
      <ul class="regions">
        {f.regions.map((r) => {
          // Where the ease lies between what is needed and what is loose; the middle is what was meant.
          const place = (e: number) => {
            const at = e <= r.ideal_cm ? 0.5 - (0.5 * (r.ideal_cm - e)) / Math.max(1, 1.6 * (r.ideal_cm - r.least_cm)) : 0.5 + (0.5 * (e - r.ideal_cm)) / Math.max(1, 1.6 * (r.most_cm - r.ideal_cm));
            return `${Math.round(100 * Math.min(0.97, Math.max(0.03, at)))}%`;
          };
          const twin = other?.regions.find((x) => x.region === r.region);
          return (
            <li key={r.region} class="region">
              <span class="region-name">{regionName(r.region)}</span>
              <span class="region-ease">{easeText(r, s.units)}</span>
              <span class="region-scale" aria-hidden="true">
                <span class="region-good" />
                {twin && <span class="region-dot region-dot-other" style={{ insetInlineStart: place(twin.ease_cm) }} />}
                <span class={`region-dot region-dot-${r.class}`} style={{ insetInlineStart: place(r.ease_cm) }} />
              </span>
              <span class={`word word-${r.class}`}>{fitWord(r.class)}</span>
            </li>
          );
        })}
      </ul>
      {hints.map((h) => <p key={h} class="small soft">{h}</p>)}
    </div>
  );
}

function Cart({ s }: { s: State }) {
  const size = s.size;
  if (!size || !s.tryon) return null;
  const added = s.cart === 'added';
  return (
    <div class="cart">
      <Button kind="primary" wide busy={s.cart === 'busy'} disabled={added} onClick={addToCart}>
        <Icon name={added ? 'check' : 'bag'} size={20} />
        {added ? t('cart_added', { size }) : t(shop.framed ? 'cart_add' : 'cart_take', { size })}
      </Button>
      {s.cart === 'failed' && <p class="field-error" role="alert">{t('cart_failed')}</p>}
      <span class="visually-hidden" role="status">{added ? t('cart_added', { size }) : ''}</span>
    </div>
  );
}
