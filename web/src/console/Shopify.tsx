// Connecting a Shopify shop: the owner is sent to Shopify, agrees there, and comes back to this console with a signed
// address, which the server checks under the brand's own key.
import { useEffect, useState } from 'preact/hooks';
import { Button, Field, Notice } from '../design';
import { useAction } from './hooks';
import { t } from './i18n';
import { call, sentence, type Brand } from './session';

// What Shopify's address brought; it leaves the address bar before anything else happens.
let returned = ((): string | null => {
  const query = new URLSearchParams(location.search);
  if (!query.has('hmac') || !query.has('code')) return null;
  const text = location.search.slice(1);
  history.replaceState(null, '', `${location.pathname}#/install`);
  return text;
})();
export const cameBack = (): boolean => returned !== null;

export function Shopify({ brand, onChange }: { brand: Brand; onChange: (b: Brand) => void }) {
  const [shop, setShop] = useState('');
  const [wrong, setWrong] = useState('');
  const [done, setDone] = useState(false);
  const action = useAction();
  useEffect(() => {
    const query = returned;
    if (!query) return;
    returned = null;
    void action.run(async () => {
      onChange(await call<Brand>('/v1/shopify/connect', { method: 'POST', json: { query } }));
      setDone(true);
    });
  }, []);
  const begin = () => {
    const name = shop.trim().toLowerCase().replace(/^https:\/\//, '').replace(/\/.*$/, '');
    const domain = name && !name.includes('.') ? `${name}.myshopify.com` : name;
    if (!/^[a-z0-9][a-z0-9-]*\.myshopify\.com$/.test(domain)) return setWrong(t('install_shopify_bad'));
    setWrong('');
    void action.run(async () => {
      const { url } = await call<{ url: string }>('/v1/shopify/authorize', { method: 'POST', json: { shop: domain } });
      location.assign(url);
    });
  };
  return (
    <>
      <p>{brand.shopify_shop_domain ? t('install_shopify_connected', { domain: brand.shopify_shop_domain }) : t('install_shopify_none')}</p>
      {done && <Notice tone="good" loud>{t('install_shopify_done')}</Notice>}
      {!!action.error && <Notice tone="bad" loud>{sentence(action.error)}</Notice>}
      <form class="row bottom" onSubmit={(e) => (e.preventDefault(), begin())}>
        <div class="grow"><Field label={t('install_shopify_label')} hint={t('install_shopify_hint')} value={shop} onValue={setShop} error={wrong || undefined} spellcheck={false} placeholder="my-shop.myshopify.com" /></div>
        <Button type="submit" busy={action.busy}>{t('install_shopify_button')}</Button>
      </form>
    </>
  );
}
