import { useEffect, useState } from 'preact/hooks';
import { Button, Field, Icon, Notice } from '../design';
import { useAction, useLoad } from './hooks';
import { n, t, type Key } from './i18n';
import { Page, Waiting } from './Page';
import { call, sentence, type Garment } from './session';

interface List { items: Garment[]; next_cursor: string | null }
const address = (search: string, cursor?: string) =>
  `/v1/garments?limit=50${search ? `&search=${encodeURIComponent(search)}` : ''}${cursor ? `&cursor=${cursor}` : ''}`;

export function Garments() {
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSearch(typed.trim()), 250);
    return () => clearTimeout(timer);
  }, [typed]);
  const list = useLoad((signal) => call<List>(address(search), { signal }), [search]);
  const more = useAction();
  const items = list.value?.items ?? [];
  const create = <a class="button button-primary" href="#/garments/new"><Icon name="plus" size={20} />{t('garments_new')}</a>;
  const empty = list.value && !items.length && !search;
  return (
    <Page title={t('garments_title')} lead={t('garments_lead')} action={empty ? undefined : create}>
      {!empty && <Field label={t('garments_search')} type="search" value={typed} onValue={setTyped} />}
      {!list.value && <Waiting {...list} retry={list.reload} />}
      {empty && (
        <div class="card empty stack">
          <Icon name="bag" size={40} />
          <h2>{t('garments_none')}</h2>
          <p class="soft">{t('garments_none_text')}</p>
          {create}
        </div>
      )}
      {list.value && !items.length && search && <p class="soft" role="status">{t('garments_no_match')}</p>}
      {items.length > 0 && (
        <ul class="card list">
          {items.map((g) => <li key={g.id}><Row g={g} /></li>)}
        </ul>
      )}
      {!!more.error && <Notice tone="bad" loud>{sentence(more.error)}</Notice>}
      {list.value?.next_cursor && (
        <Button
          busy={more.busy}
          onClick={() => {
            const before = list.value!;
            void more.run(async () => {
              const next = await call<List>(address(search, before.next_cursor!));
              list.put({ items: [...before.items, ...next.items], next_cursor: next.next_cursor });
            });
          }}
        >
          {t('more')}
        </Button>
      )}
    </Page>
  );
}

function Row({ g }: { g: Garment }) {
  const files = Object.keys(g.sizes).length, sizes = Object.keys(g.size_chart?.sizes ?? g.sizes).length;
  return (
    <a class="list-row" href={`#/garments/${g.id}`}>
      <span class="list-main">
        <strong>{g.name}</strong>
        <span class="soft small">{[g.category && t(`category_${g.category}` as Key), sizes ? n('garment_sizes', sizes) : t('garment_no_chart'), files ? t('garment_from_files') : g.size_chart && t('garment_from_chart')].filter(Boolean).join(' · ')}</span>
      </span>
      <span class={`small ${g.shopify_product_id ? 'soft' : 'warn'}`}>{g.shopify_product_id ? t('garment_product', { id: g.shopify_product_id }) : t('garment_no_product')}</span>
      <Icon name="next" size={20} flip />
    </a>
  );
}
