// Plots as plain SVG: every mark has its number beside it, and every plot its table for who cannot or would not see it.
import type { ComponentChildren } from 'preact';
import { Button, Icon } from '../design';
import { download } from './csv';
import { i18n, locale, t } from './i18n';

type Row = readonly (string | number)[];
export interface Table { head: readonly string[]; rows: readonly Row[] }

export function Panel({ title, lead, file, table, children }: { title: string; lead?: string; file: string; table: Table; children: ComponentChildren }) {
  return (
    <section class="card section stack">
      <div class="panel-head">
        <h2>{title}</h2>
        <Button kind="quiet" aria-label={`${t('analytics_csv')}: ${title}`} onClick={() => download(`tryon-${file}.csv`, [table.head, ...table.rows])}>
          <Icon name="download" size={20} /><span class="csv-word">CSV</span>
        </Button>
      </div>
      {lead && <p class="soft">{lead}</p>}
      {children}
      <details>
        <summary>{t('analytics_table')}</summary>
        <DataTable table={table} caption={title} />
      </details>
    </section>
  );
}

export function DataTable({ table, caption }: { table: Table; caption: string }) {
  return (
    <div class="table-scroll" tabIndex={0} role="group" aria-label={caption}>
      <table class="data">
        <caption class="visually-hidden">{caption}</caption>
        <thead><tr>{table.head.map((h) => <th scope="col" key={h}>{h}</th>)}</tr></thead>
        <tbody>
          {table.rows.map((r, i) => (
            <tr key={i}>{r.map((c, k) => (k ? <td key={k} class={typeof c === 'number' ? 'number' : undefined}>{typeof c === 'number' ? i18n.number(c) : c}</td> : <th scope="row" key={k}>{c}</th>))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Bars({ rows }: { rows: { label: string; value: number; note?: string; tone?: string }[] }) {
  const most = Math.max(1, ...rows.map((r) => r.value));
  return (
    <dl class="bars">
      {rows.map((r) => (
        <div key={r.label} class="bar-row">
          <dt>{r.label}</dt>
          <dd>
            <svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect width="100" height="10" rx="0" class="bar-back" />
              <rect width={Math.max(r.value ? 0.8 : 0, (100 * r.value) / most)} height="10" class={`bar-fill ${r.tone ?? ''}`} />
            </svg>
            <span class="bar-value"><strong class="tabular">{i18n.number(r.value)}</strong>{r.note && <span class="soft small"> {r.note}</span>}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

// Groups of bars side by side, one group a size.
export function Groups({ groups, series, label }: { groups: { name: string; values: number[] }[]; series: string[]; label: string }) {
  const most = Math.max(1, ...groups.flatMap((g) => g.values)), bar = 22, gap = 26, wide = series.length * bar + gap, tall = 180;
  const width = groups.length * wide + gap;
  return (
    <figure class="stack tight">
      <Legend series={series} />
      <div class="table-scroll" tabIndex={0} role="group" aria-label={label}>
        <svg class="plot" viewBox={`0 0 ${width} ${tall + 46}`} width={width} height={tall + 46} role="img" aria-label={label}>
          <line x1="0" x2={width} y1={tall + 20} y2={tall + 20} class="axis" />
          {groups.map((g, i) => (
            <g key={g.name} transform={`translate(${gap + i * wide},20)`}>
              {g.values.map((v, k) => {
                const h = (tall * v) / most;
                return (
                  <g key={k}>
                    <rect x={k * bar} y={tall - h} width={bar - 4} height={h} rx="3" class={`series-${k}`} />
                    <text x={k * bar + (bar - 4) / 2} y={tall - h - 5} class="plot-small" text-anchor="middle">{v || ''}</text>
                  </g>
                );
              })}
              <text x={(series.length * bar) / 2 - 2} y={tall + 20} class="plot-label" text-anchor="middle">{g.name}</text>
            </g>
          ))}
        </svg>
      </div>
    </figure>
  );
}

export function Legend({ series }: { series: string[] }) {
  return (
    <ul class="legend">
      {series.map((s, k) => (
        <li key={s}><svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="3" class={`series-${k}`} /></svg>{s}</li>
      ))}
    </ul>
  );
}

// One line a series over the days; days without events count as nothing.
export function Lines({ days, series, label }: { days: string[]; series: { name: string; values: number[] }[]; label: string }) {
  const W = 760, H = 220, L = 40, B = 26;
  const most = nice(Math.max(1, ...series.flatMap((s) => s.values)));
  const x = (i: number) => L + ((W - L - 14) * i) / Math.max(1, days.length - 1), y = (v: number) => 12 + (H - B - 12) * (1 - v / most);
  const ticks = [0, most / 2, most], every = Math.max(1, Math.ceil(days.length / 6));
  const short = (d: string) => new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(`${d}T00:00:00Z`));
  return (
    <figure class="stack tight">
      <Legend series={series.map((s) => s.name)} />
      <svg class="plot plot-wide" viewBox={`0 0 ${W} ${H}`} role="img" aria-label={label}>
        {ticks.map((v) => (
          <g key={v}>
            <line x1={L} x2={W} y1={y(v)} y2={y(v)} class="grid" />
            <text x={L - 8} y={y(v) + 4} class="plot-small" text-anchor="end">{Number.isInteger(v) ? v : ''}</text>
          </g>
        ))}
        {days.map((d, i) => i % every === 0 && <text key={d} x={x(i)} y={H - 6} class="plot-small" text-anchor={i ? 'middle' : 'start'}>{short(d)}</text>)}
        {series.map((s, k) => (
          <g key={s.name}>
            <polyline points={s.values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(' ')} class={`line line-${k}`} />
            {days.length <= 45 && s.values.map((v, i) => v > 0 && <circle key={i} cx={x(i)} cy={y(v)} r="3" class={`series-${k}`} />)}
          </g>
        ))}
      </svg>
    </figure>
  );
}

function nice(v: number): number {
  const base = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 4, 5, 10].map((k) => k * base).find((k) => k >= v && (v < 2 || k >= 2)) ?? v;
}
