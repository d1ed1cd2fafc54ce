import { useEffect, useState } from 'preact/hooks';
import { Button, Field, Notice, Select } from '../design';
import { LANGUAGES, type Language } from '../i18n';
import { useAction } from './hooks';
import { i18n, n, t } from './i18n';
import { Page } from './Page';
import { call, sentence, type Brand } from './session';

const AVATAR_DAYS = [7, 30, 90, 180, 365], EVENT_DAYS = [90, 180, 365, 730];

export function Settings({ brand, onChange }: { brand: Brand | undefined; onChange: (b: Brand) => void }) {
  return (
    <Page title={t('settings_title')}>
      {brand && <Form key={brand.id} brand={brand} onChange={onChange} />}
      <section class="card section stack" aria-labelledby="language">
        <h2 id="language">{t('settings_language')}</h2>
        <Select
          label={t('settings_language')}
          hideLabel
          value={i18n.language()}
          onValue={(l) => {
            localStorage.setItem('tryon.console.language', l);
            void i18n.use(l as Language);
          }}
          options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
        />
      </section>
    </Page>
  );
}

function Form({ brand, onChange }: { brand: Brand; onChange: (b: Brand) => void }) {
  const [name, setName] = useState(brand.name);
  const [avatars, setAvatars] = useState(String(brand.avatar_days ?? ''));
  const [events, setEvents] = useState(String(brand.event_days ?? ''));
  const [saved, setSaved] = useState(false);
  const action = useAction();
  useEffect(() => setSaved(false), [name, avatars, events]);
  const choices = (days: number[], now: number | null, forever: string) => [
    ...[...new Set([...days, ...(now ? [now] : [])])].sort((a, b) => a - b).map((d) => ({ value: String(d), label: n('settings_days', d) })),
    { value: '', label: forever },
  ];
  const days = (s: string) => (s ? Number(s) : null);
  return (
    <form
      class="stack wide-gap"
      onSubmit={(e) => {
        e.preventDefault();
        void action.run(async () => {
          onChange(await call<Brand>('/v1/brand', { method: 'PATCH', json: { name: name.trim(), avatar_days: days(avatars), event_days: days(events) } }));
          setSaved(true);
        });
      }}
    >
      <section class="card section stack" aria-labelledby="brand">
        <h2 id="brand">{t('settings_brand')}</h2>
        <Field label={t('settings_name')} value={name} onValue={setName} maxLength={120} required />
        <p class="small soft">{brand.avatar_quota_per_day === null ? t('settings_no_quota') : t('settings_quota', { count: i18n.number(brand.avatar_quota_per_day) })}</p>
      </section>
      <section class="card section stack" aria-labelledby="keep">
        <h2 id="keep">{t('settings_keep')}</h2>
        <p class="soft">{t('settings_keep_lead')}</p>
        <Select label={t('settings_avatars')} hint={t('settings_avatars_hint')} value={avatars} onValue={setAvatars} options={choices(AVATAR_DAYS, brand.avatar_days, t('settings_forever'))} />
        <Select label={t('settings_events')} hint={t('settings_events_hint')} value={events} onValue={setEvents} options={choices(EVENT_DAYS, brand.event_days, t('settings_events_forever'))} />
      </section>
      {!!action.error && <Notice tone="bad" loud>{sentence(action.error)}</Notice>}
      <div class="savebar">
        <Button kind="primary" type="submit" busy={action.busy}>{t('save')}</Button>
        <span role="status" class="good">{saved ? t('saved') : ''}</span>
      </div>
    </form>
  );
}
