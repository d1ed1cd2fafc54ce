// The demo shop: what a brand's own pages would be. It knows the fitting room only through the widget, as any shop does.
import '../design';
import './shop.css';
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { request } from '../api/http';
import type { Embed } from '../api/types';
import { Button, Icon, Notice, Sheet } from '../design';
import { chooseLanguage } from '../i18n';
import { Drawing } from './art';
import { i18n, t, type Key } from './i18n';

const SHOP = 'demo.tryon.invalid'; // as the server names it when it makes the demo
const PIECES = [
  { piece: 'tshirt', price: 29, fabric: 'jersey' },
  { piece: 'dress', price: 89, fabric: 'satin' },
  { piece: 'trousers', price: 79, fabric: 'twill' },
  { piece: 'shirt', price: 69, fabric: 'shirting' },
  { piece: 'hoodie', price: 65, fabric: 'fleece' },
  { piece: 'skirt', price: 59, fabric: 'denim' },
] as const;
type Piece = (typeof PIECES)[number];
interface Line { piece: string; size: string }

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'tryon-button': { shop: string; 'product-id': string; lang?: string; ref?: unknown; class?: string };
    }
  }
}

const chosen = (): string => new URLSearchParams(location.search).get('product') ?? '';
const name = (piece: string): string => t(`p_${piece}` as Key);
const money = (value: number): string => i18n.money(value, 'EUR');

function Shop() {
  i18n.useLanguage();
  const [at, setAt] = useState(chosen);
  const [bag, setBag] = useState<Line[]>([]);
  const [open, setOpen] = useState(false);
  const [said, setSaid] = useState('');
  useEffect(() => {
    const back = () => setAt(chosen());
    addEventListener('popstate', back);
    return () => removeEventListener('popstate', back);
  }, []);
  const visit = (piece: string) => (e: Event) => {
    e.preventDefault();
    history.pushState(null, '', piece ? `?product=${piece}` : location.pathname);
    setAt(piece);
    scrollTo(0, 0);
  };
  const add = (piece: string, size: string) => {
    setBag((b) => [...b, { piece, size }]);
    setSaid(t('added', { name: name(piece), size }));
  };
  const piece = PIECES.find((p) => p.piece === at);
  return (
    <>
      <header class="shop-bar">
        <a href="/" class="shop-name" onClick={visit('')}>Nordlys</a>
        <button type="button" class="shop-bag" onClick={() => setOpen(true)}><Icon name="bag" size={22} /><span>{t('bag')}</span>{bag.length > 0 && <span class="shop-count">{bag.length}</span>}</button>
      </header>
      <main class="shop-main">
        {piece ? <Product key={piece.piece} piece={piece} onBack={visit('')} onAdd={add} /> : (
          <>
            <div class="shop-hero"><h1>{t('tagline')}</h1><p class="soft">{t('note')}</p></div>
            <ul class="shop-grid">
              {PIECES.map((p) => (
                <li key={p.piece}>
                  <a href={`?product=${p.piece}`} class="shop-card" onClick={visit(p.piece)}>
                    <span class="shop-picture"><Drawing piece={p.piece} /></span>
                    <span class="shop-line"><span>{name(p.piece)}</span><span class="soft tabular">{money(p.price)}</span></span>
                  </a>
                </li>
              ))}
            </ul>
          </>
        )}
      </main>
      <p class="shop-said" role="status" data-shown={said ? '' : undefined}>{said && <><Icon name="check" size={20} />{said}</>}</p>
      {open && (
        <Sheet title={t('in_bag')} close={t('close')} onClose={() => setOpen(false)}>
          {bag.length === 0 ? <p class="soft">{t('bag_empty')}</p> : (
            <ul class="stack">
              {bag.map((l, i) => (
                <li key={i} class="shop-line"><span>{name(l.piece)}, {l.size}</span><Button kind="quiet" onClick={() => setBag(bag.filter((_, k) => k !== i))}>{t('remove')}</Button></li>
              ))}
            </ul>
          )}
        </Sheet>
      )}
    </>
  );
}

function Product({ piece, onBack, onAdd }: { piece: Piece; onBack: (e: Event) => void; onAdd: (piece: string, size: string) => void }) {
  const [embed, setEmbed] = useState<Embed | null>(null);
  const [missing, setMissing] = useState(false);
  const [size, setSize] = useState('');
  const widget = useRef<HTMLElement>(null);
  useEffect(() => {
    request<Embed>({ token: () => undefined }, `/v1/embed?shop=${SHOP}&product_id=demo-${piece.piece}`).then((e) => {
      setEmbed(e);
      setMissing(!e.garment);
    }, () => setMissing(true));
  }, []);
  useEffect(() => {
    const w = widget.current;
    if (!w) return;
    const taken = (e: Event) => {
      const d = (e as CustomEvent<{ size: string }>).detail;
      setSize(d.size);
      onAdd(piece.piece, d.size);
    };
    const picked = (e: Event) => setSize((e as CustomEvent<{ size: string | null }>).detail.size ?? '');
    w.addEventListener('tryon:add-to-cart', taken);
    w.addEventListener('tryon:size-selected', picked);
    w.addEventListener('tryon:recommended', picked);
    return () => {
      w.removeEventListener('tryon:add-to-cart', taken);
      w.removeEventListener('tryon:size-selected', picked);
      w.removeEventListener('tryon:recommended', picked);
    };
  }, []);
  return (
    <div class="shop-product">
      <a href="/" class="shop-back" onClick={onBack}><Icon name="back" size={20} flip />{t('back')}</a>
      <div class="shop-picture shop-picture-large"><Drawing piece={piece.piece} /></div>
      <div class="shop-words stack">
        <h1>{name(piece.piece)}</h1>
        <p class="shop-price tabular">{money(piece.price)}</p>
        <p class="soft">{t(`p_${piece.piece}_text` as Key)}</p>
        <p class="small soft">{t('fabric')}: {t(`f_${piece.fabric}` as Key)}</p>
        {missing && <Notice tone="warn" title={t('missing')}>{t('missing_text')}</Notice>}
        <div class="shop-sizes" role="group" aria-label={t('pick')}>
          {(embed?.garment?.sizes ?? []).map((s) => <button key={s} type="button" class="shop-size" aria-pressed={s === size} onClick={() => setSize(s)}>{s}</button>)}
        </div>
        <div class="shop-fit">
          <tryon-button ref={widget} shop={SHOP} product-id={`demo-${piece.piece}`} lang={i18n.language()} />
          <p class="small soft">{t('fit_hint')}</p>
        </div>
        <Button kind="secondary" wide disabled={!size} onClick={() => onAdd(piece.piece, size)}><Icon name="bag" size={20} />{t('add')}</Button>
      </div>
    </div>
  );
}

async function begin(): Promise<void> {
  await i18n.use(chooseLanguage(navigator.languages));
  document.title = t('title');
  render(<Shop />, document.getElementById('app')!);
  // As a shop includes it.
  const script = document.createElement('script');
  script.src = '/tryon.js';
  script.async = true;
  document.head.append(script);
}
void begin();
