import { useState } from 'preact/hooks';
import { Button, Field, Notice, Select, Sheet } from '../design';
import { ApiError } from '../api/http';
import { chartOf, draftOf, findings, type Draft } from './chart';
import { ChartEditor } from './ChartEditor';
import { Files } from './Files';
import { go, useAction, useLoad } from './hooks';
import { t, type Key } from './i18n';
import { Page, Waiting } from './Page';
import { PreviewPanel } from './PreviewPanel';
import { call, sentence, type Garment } from './session';

const CATEGORIES = ['tshirt', 'shirt', 'dress', 'skirt', 'trousers', 'hoodie'] as const;
const FABRICS = ['', 'jersey', 'rib', 'shirting', 'twill', 'denim', 'denim_elastane', 'satin', 'fleece', 'wool'] as const;

let fresh = ''; // the garment just made: its page says so once

export function GarmentEdit({ id }: { id: string | null }) {
  const loaded = useLoad((signal) => (id ? call<Garment>(`/v1/garments/${id}`, { signal }) : Promise.resolve(null)), [id]);
  if (id && !loaded.value)
    return (
      <Page title={t('garments_title')} back={{ href: '#/garments', label: t('garments_title') }}>
        <Waiting {...loaded} retry={loaded.reload} />
      </Page>
    );
  return <Form garment={loaded.value ?? null} onSaved={loaded.put} />;
}

function Form({ garment, onSaved }: { garment: Garment | null; onSaved: (g: Garment) => void }) {
  const [name, setName] = useState(garment?.name ?? '');
  const [category, setCategory] = useState(garment?.category ?? 'tshirt');
  const [fabric, setFabric] = useState(garment?.fabric ?? '');
  const [product, setProduct] = useState(garment?.shopify_product_id ?? '');
  const [draft, setDraft] = useState<Draft>(() => draftOf(garment?.size_chart ?? null));
  const [field, setField] = useState<{ name: string; text: string }>();
  const [saved, setSaved] = useState(garment && garment.id === fresh ? t('edit_created') : '');
  const [deleting, setDeleting] = useState(false);
  const save = useAction();
  const remove = useAction();

  const empty = !draft.rows.length && !draft.columns.length;
  const send = () => {
    setSaved('');
    setField(undefined);
    if (!name.trim()) return setField({ name: 'name', text: t('edit_name_needed') });
    if (!empty && findings(draft).some((f) => f.blocks)) return document.querySelector('.notice-bad')?.scrollIntoView({ block: 'center' });
    const body = {
      name: name.trim(),
      category,
      fabric: fabric || null, // null takes out what was there
      shopify_product_id: product.trim() || null,
      ...(!empty && { size_chart: chartOf(draft) }),
    };
    void save.run(async () => {
      try {
        const g = garment
          ? await call<Garment>(`/v1/garments/${garment.id}`, { method: 'PATCH', json: body, headers: { 'If-Match': `"${Date.parse(garment.updated_at)}"` } })
          : await call<Garment>('/v1/garments', { method: 'POST', json: body });
        if (garment) {
          onSaved(g);
          setSaved(t('saved'));
        } else {
          fresh = g.id;
          go(`garments/${g.id}`);
        }
      } catch (e) {
        if (e instanceof ApiError && e.status === 412) throw new ApiError('conflict', 412, t('edit_changed_elsewhere'));
        if (e instanceof ApiError && e.field) setField({ name: e.field, text: e.message });
        else throw e;
      }
    });
  };
  const wrong = (f: string) => (field?.name === f ? field.text : undefined);

  return (
    <Page title={garment ? garment.name : t('edit_new')} back={{ href: '#/garments', label: t('garments_title') }}>
      <form class="stack wide-gap" onSubmit={(e) => (e.preventDefault(), send())}>
        <section class="card section stack" aria-labelledby="basics">
          <h2 id="basics">{t('edit_basics')}</h2>
          <div class="grid-2">
            <Field label={t('edit_name')} value={name} onValue={setName} error={wrong('name')} maxLength={120} />
            <Field label={t('edit_product')} hint={t('edit_product_hint')} value={product} onValue={setProduct} error={wrong('shopify_product_id')} maxLength={80} />
            <Select label={t('edit_category')} value={category} onValue={setCategory} options={CATEGORIES.map((c) => ({ value: c, label: t(`category_${c}`) }))} />
            <Select label={t('edit_fabric')} value={fabric} onValue={setFabric} options={FABRICS.map((f) => ({ value: f, label: t(`fabric_${f}` as Key) }))} />
          </div>
        </section>
        <section class="card section stack" aria-labelledby="chart">
          <h2 id="chart">{t('chart_title')}</h2>
          <ChartEditor draft={draft} onDraft={setDraft} />
          {wrong('size_chart') && <Notice tone="bad" loud>{wrong('size_chart')}</Notice>}
        </section>
        <div class="savebar">
          <Button kind="primary" type="submit" busy={save.busy}>{garment ? t('save') : t('edit_create')}</Button>
          <span role="status" class="good">{saved}</span>
          {garment && <Button kind="quiet" class="danger-text push" onClick={() => setDeleting(true)}>{t('edit_delete')}</Button>}
        </div>
        {!!save.error && <Notice tone="bad" loud>{sentence(save.error)}</Notice>}
      </form>
      {garment && (
        <>
          <section class="card section stack" aria-labelledby="preview">
            <h2 id="preview">{t('preview_title')}</h2>
            <PreviewPanel garment={garment} />
          </section>
          <section class="card section stack" aria-labelledby="files">
            <h2 id="files">{t('files_title')}</h2>
            <Files garment={garment} onChange={onSaved} />
          </section>
        </>
      )}
      {deleting && garment && (
        <Sheet title={t('edit_delete')} close={t('close')} onClose={() => setDeleting(false)}>
          <div class="stack">
            <p>{t('edit_delete_sure', { name: garment.name })}</p>
            {!!remove.error && <Notice tone="bad" loud>{sentence(remove.error)}</Notice>}
            <div class="row">
              <Button
                kind="danger"
                busy={remove.busy}
                onClick={() =>
                  void remove.run(async () => {
                    await call(`/v1/garments/${garment.id}`, { method: 'DELETE' });
                    go('garments');
                  })
                }
              >
                {t('delete')}
              </Button>
              <Button onClick={() => setDeleting(false)}>{t('cancel')}</Button>
            </div>
          </div>
        </Sheet>
      )}
    </Page>
  );
}
