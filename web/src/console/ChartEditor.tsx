import { useState } from 'preact/hooks';
import { Button, Icon, IconButton, Notice, Segmented } from '../design';
import { COLUMNS, emptyDraft, findings, sheetOf, usual, type Column, type Draft, type Finding } from './chart';
import { n, t, type Key } from './i18n';
import type { Basis } from './session';

const columnName = (c: string) => t(`column_${c}` as Key);
function tell(f: Finding): string {
  const v = { ...f.values };
  if (v.column && (COLUMNS as readonly string[]).includes(v.column)) v.column = columnName(v.column);
  return t(`chart_${f.kind}` as Key, v);
}

// The size chart: paste it, see at once what was understood, mend it in place.
export function ChartEditor({ draft, onDraft }: { draft: Draft; onDraft: (d: Draft) => void }) {
  const [text, setText] = useState('');
  const paste = (pasted: string) => {
    setText(pasted);
    if (!pasted.trim()) return;
    const s = sheetOf(pasted);
    onDraft({ ...draft, columns: s.columns, rows: s.rows, unit: s.unit ?? draft.unit });
  };
  if (!draft.columns.length && !draft.rows.length)
    return (
      <div class="stack">
        <p class="soft">{t('chart_lead')}</p>
        <div class="field">
          <label class="field-label" for="chart-paste">{t('chart_paste')}</label>
          <div class="field-box">
            <textarea id="chart-paste" rows={6} value={text} placeholder={t('chart_example')} spellcheck={false} aria-describedby="chart-paste-hint" onInput={(e) => paste(e.currentTarget.value)} />
          </div>
          <p class="field-hint" id="chart-paste-hint">{t('chart_paste_hint')}</p>
        </div>
        <div class="row">
          <span class="soft">{t('chart_usual')}</span>
          <Button onClick={() => onDraft(usual(false))}>{t('chart_usual_women')}</Button>
          <Button onClick={() => onDraft(usual(true))}>{t('chart_usual_men')}</Button>
        </div>
      </div>
    );
  const found = findings(draft);
  const bad = found.filter((f) => f.blocks), odd = found.filter((f) => !f.blocks);
  const at = (row: number, column: number) => found.find((f) => f.row === row && f.column === column);
  const setCell = (i: number, k: number, value: string) =>
    onDraft({ ...draft, rows: draft.rows.map((r, j) => (j === i ? { ...r, cells: draft.columns.map((_, m) => (m === k ? value : (r.cells[m] ?? ''))) } : r)) });
  const free = COLUMNS.find((c) => !draft.columns.some((d) => d.key === c)) ?? 'length';
  return (
    <div class="stack">
      <div class="chart-options">
        <div class="stack tight">
          <span class="field-label">{t('chart_unit')}</span>
          <Segmented label={t('chart_unit')} value={draft.unit} onValue={(unit) => onDraft({ ...draft, unit })} options={[{ value: 'cm', label: t('chart_cm') }, { value: 'in', label: t('chart_in') }]} />
        </div>
        <div class="stack tight">
          <span class="field-label">{t('chart_basis')}</span>
          <Segmented<Basis>
            label={t('chart_basis')}
            value={draft.basis}
            onValue={(basis) => onDraft({ ...draft, basis })}
            options={(['body', 'garment_flat', 'garment_circ'] as const).map((b) => ({ value: b, label: t(`chart_basis_${b}`) }))}
          />
        </div>
      </div>
      <p class="small soft">{t(`chart_basis_hint_${draft.basis}`)}</p>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('chart_title')}>
        <table class="chart">
          <thead>
            <tr>
              <th scope="col">{t('chart_size')}</th>
              {draft.columns.map((c, k) => (
                <th scope="col" key={k} data-bad={c.key ? undefined : ''}>
                  <div class="chart-head">
                    <select
                      aria-label={c.key ? columnName(c.key) : c.name || t('column_choose')}
                      value={c.key}
                      onChange={(e) => {
                        const key = e.currentTarget.value as Column | '';
                        onDraft({ ...draft, columns: draft.columns.map((d, j) => (j === k ? { ...d, key } : d)) });
                      }}
                    >
                      {!c.key && <option value="">{c.name ? `${c.name}?` : t('column_choose')}</option>}
                      {COLUMNS.map((o) => <option key={o} value={o} disabled={draft.columns.some((d, j) => j !== k && d.key === o)}>{columnName(o)}</option>)}
                    </select>
                    <IconButton
                      label={t('chart_remove_column', { column: c.key ? columnName(c.key) : c.name })}
                      onClick={() => onDraft({ ...draft, columns: draft.columns.filter((_, j) => j !== k), rows: draft.rows.map((r) => ({ ...r, cells: r.cells.filter((_, j) => j !== k) })) })}
                    >
                      <Icon name="close" size={16} />
                    </IconButton>
                  </div>
                </th>
              ))}
              <td><IconButton label={t('chart_add_column')} onClick={() => onDraft({ ...draft, columns: [...draft.columns, { name: '', key: free }] })}><Icon name="plus" size={20} /></IconButton></td>
            </tr>
          </thead>
          <tbody>
            {draft.rows.map((r, i) => (
              <tr key={i}>
                <th scope="row">
                  <input value={r.size} aria-label={t('chart_size')} maxLength={20} onInput={(e) => onDraft({ ...draft, rows: draft.rows.map((x, j) => (j === i ? { ...x, size: e.currentTarget.value } : x)) })} />
                </th>
                {draft.columns.map((c, k) => {
                  const fault = at(i, k);
                  return (
                    <td key={k} data-bad={fault ? '' : undefined}>
                      <input
                        value={r.cells[k] ?? ''}
                        inputMode="decimal"
                        aria-label={t('chart_cell', { column: c.key ? columnName(c.key) : c.name, size: r.size })}
                        aria-invalid={fault ? true : undefined}
                        title={fault ? tell(fault) : undefined}
                        onInput={(e) => setCell(i, k, e.currentTarget.value)}
                      />
                    </td>
                  );
                })}
                <td><IconButton label={t('chart_remove_size', { size: r.size })} onClick={() => onDraft({ ...draft, rows: draft.rows.filter((_, j) => j !== i) })}><Icon name="close" size={16} /></IconButton></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="row">
        <Button onClick={() => onDraft({ ...draft, rows: [...draft.rows, { size: '', cells: [] }] })}><Icon name="plus" size={20} />{t('chart_add_size')}</Button>
        <Button kind="quiet" onClick={() => (setText(''), onDraft({ ...emptyDraft(), basis: draft.basis }))}>{t('chart_clear')}</Button>
      </div>
      <div aria-live="polite" class="stack tight">
        {bad.length > 0 && (
          <Notice tone="bad" title={n('chart_bad', bad.length)}>
            <ul class="bullets">{bad.slice(0, 8).map((f, i) => <li key={i}>{tell(f)}</li>)}</ul>
          </Notice>
        )}
        {!bad.length && !odd.length && <p class="good"><Icon name="check" size={20} /> {n('chart_good', draft.rows.length)}</p>}
        {odd.length > 0 && <Notice tone="warn"><ul class="bullets">{odd.slice(0, 5).map((f, i) => <li key={i}>{tell(f)}</li>)}</ul></Notice>}
      </div>
    </div>
  );
}
