import { Button, Field, Segmented } from '../design';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Sex } from '../api/types';
import { t } from './i18n';
import { setUnits, submit, useRoom, type Given } from './store';
import { feet, fromKg, length, parse, toCm, toKg, weight, type Units } from './units';

const HEIGHT = [130, 220] as const;
const WEIGHT = [30, 250] as const;

export function Answers() {
  const s = useRoom();
  const { units } = s;
  const form = useRef<HTMLFormElement>(null);
  const [height, setHeight] = useState(() => (s.given.height ? String(Math.round(s.given.height)) : ''));
  const [ft, setFt] = useState(() => (s.given.height ? String(feet(s.given.height).feet) : ''));
  const [inch, setInch] = useState(() => (s.given.height ? String(feet(s.given.height).inches) : ''));
  const [kilos, setKilos] = useState(() => (s.given.weight ? String(Math.round(fromKg(s.given.weight, units))) : ''));
  const [age, setAge] = useState(() => (s.given.age ? String(s.given.age) : ''));
  const [sex, setSex] = useState<Sex | 'none' | ''>(s.given.sex ?? '');
  const [wrong, setWrong] = useState<{ height?: string; weight?: string; age?: string }>({});

  useEffect(() => {
    // The keyboard comes by itself: one tap less.
    form.current?.querySelector<HTMLInputElement>('input[type="text"]')?.focus({ preventScroll: true });
  }, []);

  const heightCm = (): number => {
    if (units === 'metric') {
      const v = parse(height);
      return v > 0 && v < 3 ? v * 100 : v; // metres, as many write it
    }
    return toCm(parse(ft || '0') * 12 + parse(inch || '0'), 'imperial');
  };

  const change = (to: Units) => {
    if (to === units) return;
    const cm = heightCm();
    if (cm > 0) {
      setHeight(String(Math.round(cm)));
      setFt(String(feet(cm).feet));
      setInch(String(feet(cm).inches));
    }
    const kg = toKg(parse(kilos), units);
    if (kg > 0) setKilos(String(Math.round(fromKg(kg, to))));
    setUnits(to);
  };

  const send = (e: Event) => {
    e.preventDefault();
    const found: typeof wrong = {};
    const given: Given = {};
    const cm = heightCm();
    if (!(cm >= HEIGHT[0] && cm <= HEIGHT[1])) found.height = t('height_range', { lo: length(HEIGHT[0], units, 0), hi: length(HEIGHT[1], units, 0) });
    else given.height = Math.round(cm * 10) / 10;
    if (kilos.trim()) {
      const kg = toKg(parse(kilos), units);
      if (!(kg >= WEIGHT[0] && kg <= WEIGHT[1])) found.weight = t('weight_range', { lo: weight(WEIGHT[0], units), hi: weight(WEIGHT[1], units) });
      else given.weight = Math.round(kg * 10) / 10;
    }
    if (age.trim()) {
      const years = parse(age);
      if (!(years >= 16 && years <= 100)) found.age = t('age_range');
      else given.age = Math.round(years);
    }
    if (sex === 'female' || sex === 'male') given.sex = sex;
    setWrong(found);
    if (Object.keys(found).length) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus());
      return;
    }
    void submit(given);
  };

  return (
    <form ref={form} class="column page" onSubmit={send} noValidate>
      <div class="stack page-body" style={{ '--gap': '22px' }}>
        <div class="stack" style={{ '--gap': '8px' }}>
          <h1 tabIndex={-1}>{t('answers_title')}</h1>
          <p class="soft">{t('answers_lead')}</p>
        </div>
        <div>
          <Segmented label={t('units')} value={units} onValue={change} options={[{ value: 'metric', label: t('metric') }, { value: 'imperial', label: t('imperial') }]} />
        </div>
        {units === 'metric'
          ? <Field label={t('height')} value={height} onValue={setHeight} unit="cm" inputMode="decimal" autocomplete="off" required maxLength={6} placeholder="170" error={wrong.height} />
          : (
            <div class="pair">
              <Field label={`${t('height')} · ${t('height_feet')}`} value={ft} onValue={setFt} unit="ft" inputMode="numeric" autocomplete="off" required maxLength={2} placeholder="5" error={wrong.height} />
              <Field label={t('height_inches')} value={inch} onValue={setInch} unit="in" inputMode="decimal" autocomplete="off" maxLength={4} placeholder="7" />
            </div>
          )}
        <div class="field">
          <p class="field-label">{t('sex')} <span class="soft optional">{t('optional')}</span></p>
          <Segmented label={t('sex')} value={sex} onValue={setSex} options={[{ value: 'female', label: t('sex_female') }, { value: 'male', label: t('sex_male') }, { value: 'none', label: t('sex_none') }]} />
        </div>
        <div class="pair">
          <Field label={`${t('weight')} (${t('optional')})`} value={kilos} onValue={setKilos} unit={units === 'metric' ? 'kg' : 'lb'} inputMode="decimal" autocomplete="off" maxLength={6} error={wrong.weight} />
          <Field label={`${t('age')} (${t('optional')})`} value={age} onValue={setAge} unit={t('years')} inputMode="numeric" autocomplete="off" maxLength={3} error={wrong.age} />
        </div>
      </div>
      <div class="page-foot"><Button kind="primary" wide type="submit">{t('answers_submit')}</Button></div>
    </form>
  );
}
