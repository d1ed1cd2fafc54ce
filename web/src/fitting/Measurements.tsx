import { Button, Field, Icon, IconButton, Segmented, Sheet } from '../design';
import { useState } from 'preact/hooks';
import { ApiError } from '../api/http';
import type { Measurement } from '../api/types';
import { t } from './i18n';
import { again, correct, setUnits, useRoom } from './store';
import { fromCm, length, lengthNumber, lengthUnit, parse, toCm } from './units';
import { measureName, refusal } from './words';

const FIRST = ['height', 'chest_girth', 'waist_natural_girth', 'hip_girth', 'inseam', 'shoulder_breadth'];

export function Measurements() {
  const s = useRoom();
  const [all, setAll] = useState(false);
  const [editing, setEditing] = useState<string | null>(null);
  const found = s.avatar?.measurements ?? {};
  const keys = [...FIRST.filter((k) => k in found), ...(all ? Object.keys(found).filter((k) => !FIRST.includes(k)) : [])];
  return (
    <div class="stack" style={{ '--gap': '14px' }}>
      <div class="row between">
        <h3>{t('body_title')}</h3>
        <Segmented label={t('units')} value={s.units} onValue={setUnits} options={[{ value: 'metric', label: 'cm' }, { value: 'imperial', label: 'in' }]} />
      </div>
      <p class="small soft">{t('body_lead')}</p>
      <ul class="measures">
        {keys.map((k) => {
          const m = found[k]!;
          const tape = m.source === 'tape' || k === 'height';
          return (
            <li key={k} class="measure">
              <span>{measureName(k)}</span>
              <span class="measure-value tabular">
                <strong>{length(m.value_cm, s.units)}</strong>
                <span class="soft small">{tape ? t('body_tape') : t('body_range', { lo: lengthNumber(m.lo_cm, s.units), hi: length(m.hi_cm, s.units) })}</span>
              </span>
              <IconButton label={t('body_edit_label', { name: measureName(k) })} onClick={() => setEditing(k)}><Icon name="edit" size={20} /></IconButton>
            </li>
          );
        })}
      </ul>
      <div class="row">
        <Button kind="quiet" onClick={() => setAll(!all)}>{t(all ? 'body_fewer' : 'body_all')}</Button>
        <Button kind="quiet" onClick={again}>{t('body_again')}</Button>
      </div>
      {editing && <Edit name={editing} m={found[editing]!} onClose={() => setEditing(null)} />}
    </div>
  );
}

function Edit({ name, m, onClose }: { name: string; m: Measurement; onClose: () => void }) {
  const { units } = useRoom();
  const [text, setText] = useState(() => String(Math.round(fromCm(m.value_cm, units) * 10) / 10));
  const [wrong, setWrong] = useState('');
  const [busy, setBusy] = useState(false);
  const lo = name === 'height' ? 130 : 5;
  const hi = name === 'height' ? 220 : 250;
  const send = (e: Event) => {
    e.preventDefault();
    if (busy) return;
    const cm = toCm(parse(text), units);
    if (!(cm >= lo && cm <= hi)) {
      setWrong(t('value_range', { lo: length(lo, units), hi: length(hi, units) }));
      return;
    }
    setBusy(true);
    setWrong('');
    correct(name, Math.round(cm * 10) / 10).then(onClose, (error: unknown) => {
      setBusy(false);
      setWrong(error instanceof ApiError ? refusal(error.message) : t('failed_general'));
    });
  };
  return (
    <Sheet title={measureName(name)} close={t('close')} onClose={onClose}>
      <form class="stack" onSubmit={send} noValidate>
        <p class="soft">{t('body_edit_hint')}</p>
        <Field label={measureName(name)} value={text} onValue={setText} unit={lengthUnit(units)} inputMode="decimal" autocomplete="off" autofocus error={wrong} maxLength={6} />
        <Button kind="primary" wide type="submit" busy={busy}>{t(busy ? 'body_updating' : 'body_save')}</Button>
      </form>
    </Sheet>
  );
}
