import { Button, Icon, Select, Sheet } from '../design';
import { LANGUAGES, type Language } from '../i18n';
import { useState } from 'preact/hooks';
import { i18n, t } from './i18n';
import { keep } from './keep';
import { canSignIn } from '../api/supabase';
import { known } from './identity';
import { download } from './store';

export function Privacy({ onClose }: { onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  return (
    <Sheet title={t('privacy_title')} close={t('close')} onClose={onClose}>
      <div class="stack prose">
        {(['kept', 'where', 'who', 'rights'] as const).map((k) => (
          <section key={k}><h3>{t(`privacy_${k}_h`)}</h3><p class="soft">{t(k === 'where' && canSignIn ? 'privacy_where_signin' : `privacy_${k}`)}</p></section>
        ))}
        {known()
          ? (
            <div>
              <Button busy={busy} onClick={() => {
                setBusy(true);
                setFailed(false);
                download().catch(() => setFailed(true)).finally(() => setBusy(false));
              }}><Icon name="download" size={20} />{t('privacy_download')}</Button>
              {failed && <p class="field-error" role="alert">{t('failed_general')}</p>}
            </div>
          )
          : <p class="soft">{t('privacy_nothing')}</p>}
        <Select
          label={t('language')}
          value={i18n.language()}
          onValue={(v) => {
            keep('localStorage', 'language', v);
            void i18n.use(v as Language);
          }}
          options={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
        />
      </div>
    </Sheet>
  );
}
