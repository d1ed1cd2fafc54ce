import { useState } from 'preact/hooks';
import { Notice, Segmented, Select } from '../design';
import { BodyHeat, regionName, type Share } from './BodyHeat';
import { bySize } from './chart';
import { useLoad } from './hooks';
import { i18n, locale, t, type Key } from './i18n';
import { Page, Waiting } from './Page';
import { Bars, DataTable, Groups, Lines, Panel, type Table } from './plots';
import { call } from './session';

interface Report<T> { from: string; to: string; data: T }
interface Funnel { steps: { event_type: string; events: number; shoppers: number }[]; conversion: number }
interface Flow { size: string; recommended: number; chosen: number; bought: number; returned: number }
interface Day { day: string; event_type: string; events: number }
interface Tried { garment_id: string; name: string; tryons: number; size_switches: number; purchases: number }
interface Recent { session_id: string; created_at: string; garment: string | null; recommended: string | null; chosen: string | null; size_switches: number; added_to_cart: number; purchases: number }
interface Region { size: string; region: string; class: string; tryons: number }

const RANGES = ['7', '30', '90', '365'] as const;
const DAY = 86400000;
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 10);

export function Analytics() {
  const [range, setRange] = useState<(typeof RANGES)[number]>('30');
  const span = `from=${iso(Date.now() - (Number(range) - 1) * DAY)}&to=${iso(Date.now())}`;
  const all = useLoad(
    async (signal) => {
      const get = <T,>(name: string) => call<Report<T>>(`/v1/analytics/${name}?${span}`, { signal }).then((r) => r.data);
      const [funnel, days, flow, fit, garments, recent] = await Promise.all([
        get<Funnel>('funnel'), get<Day[]>('days'), get<Flow[]>('size_flow'), get<Record<string, number>>('fit'), get<Tried[]>('garments'), get<Recent[]>('tryons'),
      ]);
      return { funnel, days, flow: flow.sort((a, b) => bySize(a.size, b.size)), fit, garments, recent };
    },
    [range],
  );
  const v = all.value;
  const nothing = v && v.funnel.steps.every((s) => !s.events) && !v.recent.length;
  return (
    <Page
      title={t('analytics_title')}
      action={<Segmented label={t('analytics_range')} value={range} onValue={setRange} options={RANGES.map((r) => ({ value: r, label: t(`analytics_${r}` as Key) }))} />}
    >
      {!v && <Waiting {...all} retry={all.reload} />}
      {nothing && <div class="card empty stack"><h2>{t('analytics_none')}</h2><p class="soft">{t('analytics_none_text')}</p></div>}
      {v && !nothing && (
        <div class="panels" aria-busy={all.busy}>
          <div class="stack wide-gap">
            <FunnelPanel funnel={v.funnel} />
            <FlowPanel flow={v.flow} />
            <FitPanel fit={v.fit} />
          </div>
          <div class="stack wide-gap">
            <DaysPanel days={v.days} range={Number(range)} />
            <HeatPanel key={span} span={span} garments={v.garments} />
            <Panel title={t('top_title')} file="garments" table={tried(v.garments)}>
              <Bars rows={v.garments.slice(0, 8).map((g) => ({ label: g.name, value: g.tryons, note: `· ${i18n.number(g.purchases)} ${t('top_purchases').toLowerCase()}` }))} />
            </Panel>
          </div>
          <div class="span"><RecentPanel recent={v.recent} /></div>
        </div>
      )}
    </Page>
  );
}

function FunnelPanel({ funnel }: { funnel: Funnel }) {
  const name = (s: string) => t(`funnel_${s}` as Key);
  return (
    <Panel title={t('funnel_title')} file="funnel" table={{ head: [t('funnel_step'), t('funnel_times'), t('funnel_people')], rows: funnel.steps.map((s) => [name(s.event_type), s.events, s.shoppers]) }}>
      <Bars rows={funnel.steps.map((s) => ({ label: name(s.event_type), value: s.events, note: s.shoppers !== s.events ? `· ${t('funnel_shoppers', { count: i18n.number(s.shoppers) })}` : '' }))} />
      <p class="figure-line">{t('funnel_conversion', { percent: i18n.percent(funnel.conversion) })}</p>
    </Panel>
  );
}

const DAILY = ['tryon_started', 'added_to_cart', 'purchase_completed'] as const;
function DaysPanel({ days, range }: { days: Day[]; range: number }) {
  const names = Array.from({ length: range }, (_, i) => iso(Date.now() - (range - 1 - i) * DAY));
  const count = new Map(days.map((d) => [`${d.day} ${d.event_type}`, d.events]));
  const series = DAILY.map((type) => ({ name: t(`funnel_${type}`), values: names.map((d) => count.get(`${d} ${type}`) ?? 0) }));
  const table: Table = { head: [t('days_day'), ...series.map((s) => s.name)], rows: names.map((d, i) => [d, ...series.map((s) => s.values[i]!)]) };
  return (
    <Panel title={t('days_title')} file="days" table={table}>
      <Lines days={names} series={series} label={`${t('days_title')}: ${series.map((s) => `${s.name} ${s.values.reduce((a, b) => a + b, 0)}`).join(', ')}`} />
    </Panel>
  );
}

function FlowPanel({ flow }: { flow: Flow[] }) {
  const keys = (['recommended', 'chosen', 'bought', 'returned'] as const).filter((k) => k !== 'returned' || flow.some((f) => f.returned));
  const names = keys.map((k) => t(`flow_${k}`));
  return (
    <Panel title={t('flow_title')} lead={t('flow_lead')} file="sizes" table={{ head: [t('chart_size'), ...names], rows: flow.map((f) => [f.size, ...keys.map((k) => f[k])]) }}>
      <Groups groups={flow.map((f) => ({ name: f.size, values: keys.map((k) => f[k]) }))} series={names} label={`${t('flow_title')}: ${flow.map((f) => `${f.size} ${keys.map((k) => f[k]).join('/')}`).join(', ')}`} />
    </Panel>
  );
}

function FitPanel({ fit }: { fit: Record<string, number> }) {
  const rows = Object.entries(fit).map(([k, value]) => ({ label: t(`fit_${k}` as Key), value }));
  return (
    <Panel title={t('fit_title')} file="fit" table={{ head: [t('fit_title'), t('top_tryons')], rows: rows.map((r) => [r.label, r.value]) }}>
      <Bars rows={rows} />
    </Panel>
  );
}

const FEW = 10;
export function sharesOf(rows: Region[], size: string): Share[] {
  const by = new Map<string, Share>();
  for (const r of rows) {
    if (size && r.size !== size) continue;
    const s = by.get(r.region) ?? { region: r.region, tight: 0, right: 0, loose: 0, tryons: 0 };
    s[r.class === 'cannot_wear' || r.class === 'too_tight' ? 'tight' : r.class === 'loose' ? 'loose' : 'right'] += r.tryons;
    s.tryons += r.tryons;
    by.set(r.region, s);
  }
  return [...by.values()].map((s) => ({ ...s, tight: s.tight / s.tryons, right: s.right / s.tryons, loose: s.loose / s.tryons }));
}

function HeatPanel({ span, garments }: { span: string; garments: Tried[] }) {
  const [garment, setGarment] = useState(garments[0]?.garment_id ?? '');
  const [size, setSize] = useState('');
  const load = useLoad((signal) => (garment ? call<Report<Region[]>>(`/v1/analytics/regions?garment_id=${garment}&${span}`, { signal }).then((r) => r.data) : Promise.resolve([])), [garment, span]);
  const rows = load.value ?? [];
  const sizes = [...new Set(rows.map((r) => r.size))].sort(bySize);
  const shares = sharesOf(rows, sizes.includes(size) ? size : '');
  const tryons = garments.find((g) => g.garment_id === garment)?.tryons ?? 0;
  // What stands out, the largest share first: "38 % find the hips tight in M".
  const said = sizes
    .flatMap((s) => sharesOf(rows, s).flatMap((x) => [{ s, x, share: x.tight, key: 'heat_tight' as const }, { s, x, share: x.loose, key: 'heat_loose' as const }]))
    .filter((f) => f.share >= 0.2)
    .sort((a, b) => b.share - a.share)
    .slice(0, 5)
    .map((f) => t(f.key, { percent: i18n.percent(f.share), region: regionName(f.x.region), size: f.s }));
  const table: Table = {
    head: [t('heat_region'), t('heat_size'), t('heat_col_tight'), t('heat_col_right'), t('heat_col_loose'), t('top_tryons')],
    rows: sizes.flatMap((s) => sharesOf(rows, s).map((x) => [regionName(x.region), s, i18n.percent(x.tight), i18n.percent(x.right), i18n.percent(x.loose), x.tryons])),
  };
  return (
    <Panel title={t('heat_title')} lead={t('heat_lead')} file="fit-regions" table={table}>
      <div class="grid-2">
        <Select label={t('heat_garment')} value={garment} onValue={(g) => (setGarment(g), setSize(''))} options={garments.map((g) => ({ value: g.garment_id, label: g.name }))} />
        <Select label={t('heat_size')} value={sizes.includes(size) ? size : ''} onValue={setSize} options={[{ value: '', label: t('heat_all') }, ...sizes.map((s) => ({ value: s, label: s }))]} />
      </div>
      {!load.value && <Waiting {...load} retry={load.reload} />}
      {load.value && !shares.length && <p class="soft">{t('heat_none')}</p>}
      {shares.length > 0 && (
        <>
          {tryons < FEW && <Notice tone="info">{t('heat_few', { count: tryons })}</Notice>}
          <div class="heat">
            <BodyHeat shares={shares} label={[t('heat_title'), ...said].join('. ')} />
            <div class="stack">
              {said.length ? <ul class="bullets said">{said.map((s) => <li key={s}>{s}</li>)}</ul> : <p>{t('heat_good')}</p>}
              <ul class="legend" aria-hidden="true">
                {(['tight', 'right', 'loose'] as const).map((k) => <li key={k}><svg width="12" height="12" viewBox="0 0 12 12"><rect width="12" height="12" rx="3" class={`heat-${k}`} /></svg>{t(`heat_legend_${k}`)}</li>)}
              </ul>
            </div>
          </div>
        </>
      )}
    </Panel>
  );
}

const tried = (g: Tried[]): Table => ({ head: [t('heat_garment'), t('top_tryons'), t('top_switches'), t('top_purchases')], rows: g.map((x) => [x.name, x.tryons, x.size_switches, x.purchases]) });

function RecentPanel({ recent }: { recent: Recent[] }) {
  const when = (s: string) => new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(s));
  const rows = recent.map((r) => [when(r.created_at), r.garment ?? t('recent_deleted'), r.recommended ?? '–', r.chosen ?? '–', r.added_to_cart ? t('yes') : t('no'), r.purchases ? t('yes') : t('no')]);
  const table: Table = { head: [t('recent_when'), t('heat_garment'), t('flow_recommended'), t('flow_chosen'), t('funnel_added_to_cart'), t('flow_bought')], rows };
  return (
    <Panel title={t('recent_title')} lead={t('recent_lead')} file="tryons" table={table}>
      <DataTable table={{ ...table, rows: rows.slice(0, 10) }} caption={t('recent_title')} />
    </Panel>
  );
}
