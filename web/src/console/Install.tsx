import { useState } from 'preact/hooks';
import { Button, Field, Icon, IconButton, Notice, Segmented } from '../design';
import { Copy } from './Copy';
import { useAction, useLoad } from './hooks';
import { t } from './i18n';
import { Page, Waiting } from './Page';
import { call, sentence, type ApiKey, type Brand } from './session';
import { cameBack, Shopify } from './Shopify';

const server = () => location.origin; // the widget and the fitting room come from where this console does
const html = (brand: string) => `<tryon-button brand="${brand}" product-id="PRODUCT-NUMBER"
  style="display:block;min-height:48px"></tryon-button>
<script src="${server()}/tryon.js" async></script>`;
const react = (brand: string) => `import { useEffect, useRef } from 'react';

export function TryOnButton({ product, onAddToCart }) {
  const ref = useRef(null);
  useEffect(() => {
    if (!document.querySelector('script[src="${server()}/tryon.js"]')) {
      const s = document.createElement('script');
      s.src = '${server()}/tryon.js';
      s.async = true;
      document.head.append(s);
    }
    const button = ref.current;
    const add = (e) => onAddToCart(e.detail.size, e.detail.sessionId);
    button.addEventListener('tryon:add-to-cart', add);
    return () => button.removeEventListener('tryon:add-to-cart', add);
  }, [onAddToCart]);
  return <tryon-button ref={ref} brand="${brand}" product-id={product}
    style={{ display: 'block', minHeight: 48 }} />;
}`;

// What a person types as her shop's address, as an origin; '' when it is none.
export function originOf(text: string): string {
  const s = text.trim().toLowerCase();
  try {
    const u = new URL(/^https?:\/\//.test(s) ? s : `https://${s}`);
    const local = u.hostname === 'localhost';
    return u.hostname && (local || (u.protocol === 'https:' && u.hostname.includes('.'))) ? u.origin : '';
  } catch {
    return '';
  }
}

export function Install({ brand, onChange }: { brand: Brand | undefined; onChange: (b: Brand) => void }) {
  const [platform, setPlatform] = useState<'html' | 'react' | 'shopify'>(cameBack() ? 'shopify' : 'html');
  return (
    <Page title={t('install_title')} lead={t('install_lead')}>
      <section class="card section stack" aria-labelledby="pages">
        <h2 id="pages">{t('install_pages')}</h2>
        <p class="soft">{t('install_pages_lead')}</p>
        <Origins brand={brand} />
      </section>
      <section class="card section stack" aria-labelledby="snippet">
        <h2 id="snippet">{t('install_snippet')}</h2>
        <div class="row">
          <span class="field-label">{t('install_platform')}</span>
          <Segmented label={t('install_platform')} value={platform} onValue={setPlatform} options={[{ value: 'html', label: t('install_html') }, { value: 'react', label: t('install_react') }, { value: 'shopify', label: t('install_shopify') }]} />
        </div>
        {brand && platform !== 'shopify' && (
          <>
            <p class="soft">{t('install_snippet_lead')}</p>
            <Copy code label={t('install_snippet')} text={platform === 'html' ? html(brand.id) : react(brand.id)} />
          </>
        )}
        {brand && platform === 'shopify' && (
          <>
            <p class="soft">{t('install_shopify_lead')}</p>
            <dl class="pairs">
              <dt>{t('install_shopify_server')}</dt>
              <dd><Copy label={t('install_shopify_server')} text={server()} /></dd>
              <dt>{t('install_shopify_brand')}</dt>
              <dd><Copy label={t('install_shopify_brand')} text={brand.id} /></dd>
            </dl>
            <Shopify brand={brand} onChange={onChange} />
          </>
        )}
      </section>
      <section class="card section stack" aria-labelledby="check">
        <h2 id="check">{t('install_check')}</h2>
        <p class="soft">{t('install_check_lead')}</p>
        {brand && <Check brand={brand} />}
      </section>
    </Page>
  );
}

function Origins({ brand }: { brand: Brand | undefined }) {
  const keys = useLoad((signal) => call<{ items: ApiKey[] }>('/v1/keys', { signal }), []);
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState('');
  const action = useAction();
  if (!keys.value) return <Waiting {...keys} retry={keys.reload} />;
  const open = keys.value.items.filter((k) => k.kind === 'publishable' && !k.revoked_at && !k.expires_at);
  const key = open[open.length - 1]; // the newest, should there be several
  const origins = [...new Set(open.flatMap((k) => k.origins))];
  const put = (next: string[]) =>
    void action.run(async () => {
      if (key) await call(`/v1/keys/${key.id}`, { method: 'PATCH', json: { origins: next } });
      else await call('/v1/keys', { method: 'POST', json: { kind: 'publishable', origins: next } });
      setTyped('');
      keys.reload();
    });
  const add = () => {
    const origin = originOf(typed);
    setWrong(origin ? '' : t('install_pages_bad'));
    if (origin && !origins.includes(origin)) put([...(key?.origins ?? []), origin]);
  };
  return (
    <>
      {(origins.length > 0 || brand?.shopify_shop_domain) && (
        <ul class="list lined">
          {brand?.shopify_shop_domain && <li class="list-row still"><span class="list-main">https://{brand.shopify_shop_domain}</span><span class="soft small">Shopify</span></li>}
          {origins.map((o) => (
            <li key={o} class="list-row still">
              <span class="list-main">{o}</span>
              {key?.origins.includes(o) && key.origins.length > 1 && (
                <IconButton label={t('install_pages_remove', { origin: o })} onClick={() => put(key.origins.filter((x) => x !== o))}><Icon name="trash" size={20} /></IconButton>
              )}
            </li>
          ))}
        </ul>
      )}
      <form class="row bottom" onSubmit={(e) => (e.preventDefault(), add())}>
        <div class="grow"><Field label={t('install_pages_label')} hint={t('install_pages_hint')} value={typed} onValue={setTyped} error={wrong || undefined} inputMode="text" spellcheck={false} /></div>
        <Button type="submit" busy={action.busy}>{t('install_pages_add')}</Button>
      </form>
      {origins.length === 1 && <p class="small soft">{t('install_pages_last')}</p>}
      {!!action.error && <Notice tone="bad" loud>{sentence(action.error)}</Notice>}
    </>
  );
}

function Check({ brand }: { brand: Brand }) {
  const [product, setProduct] = useState('');
  const [answer, setAnswer] = useState<boolean>();
  const action = useAction();
  return (
    <>
      <form
        class="row bottom"
        onSubmit={(e) => {
          e.preventDefault();
          if (!product.trim()) return;
          void action.run(async () => setAnswer(!!(await call<{ garment_id: string | null }>(`/v1/widget?brand=${brand.id}&product_id=${encodeURIComponent(product.trim())}`)).garment_id));
        }}
      >
        <div class="grow"><Field label={t('install_check_label')} value={product} onValue={(v) => (setProduct(v), setAnswer(undefined))} /></div>
        <Button type="submit" busy={action.busy}>{t('install_check_button')}</Button>
      </form>
      {answer === true && (
        <Notice tone="good" loud>
          <p>{t('install_check_yes')} <a href={`/embed?brand=${brand.id}&product_id=${encodeURIComponent(product.trim())}`} target="_blank" rel="noopener">{t('install_check_open')}</a></p>
        </Notice>
      )}
      {answer === false && <Notice tone="warn" loud>{t('install_check_no')}</Notice>}
      {!!action.error && <Notice tone="bad" loud>{sentence(action.error)}</Notice>}
    </>
  );
}
