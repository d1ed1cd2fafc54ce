import { Button, Icon, IconButton, Notice } from '../design';
import { useEffect, useRef, useState } from 'preact/hooks';
import { i18n, t } from './i18n';
import { Answers } from './Answers';
import { Method } from './Method';
import { Privacy } from './Privacy';
import { canSignIn } from '../api/supabase';
import { known } from './identity';
import { deleteSoon, deleteUndo, shop, start, useRoom, type Step } from './store';
import { lazy } from './lazy';
import { Welcome } from './Welcome';
import { Working } from './Working';

const Photo = lazy<{ which: 'front' | 'side' }>(() => import('./Photo').then((m) => m.Photo));
const Room = lazy<object>(() => import('./Room').then((m) => m.Room));

const Account = lazy<{ onClose: () => void }>(() => import('./Account').then((m) => m.Account));

const BACK: readonly Step[] = ['method', 'front', 'side', 'answers'];

export function App() {
  i18n.useLanguage();
  const s = useRoom();
  const [sheet, setSheet] = useState<'privacy' | 'account' | null>(null);
  const main = useRef<HTMLElement>(null);
  // A new step begins at its head, for eyes and for screen readers.
  useEffect(() => {
    scrollTo(0, 0);
    const head = main.current?.querySelector<HTMLElement>('h1');
    if (head && s.step !== 'loading' && !main.current?.contains(document.activeElement)) head.focus({ preventScroll: true });
  }, [s.step]);
  return (
    <div class={`frame frame-${s.step}${shop.framed ? ' framed' : ''}`}>
      <header class="bar">
        <div class="bar-side">
          {BACK.includes(s.step) && <IconButton label={t('back')} onClick={() => history.back()}><Icon name="back" flip /></IconButton>}
        </div>
        <p class="bar-title">{s.embed ? s.embed.brand.name : t('title')}</p>
        <div class="bar-side bar-end">
          {canSignIn && <IconButton label={t('acc_button')} onClick={() => setSheet('account')}><Icon name="account" size={22} /></IconButton>}
          <IconButton label={t('consent_more')} onClick={() => setSheet('privacy')}><Icon name="lock" size={22} /></IconButton>
        </div>
      </header>
      {s.offline && <p class="strip" role="status"><span class="spinner" aria-hidden="true" />{t('offline_short')}</p>}
      <main ref={main} class="main">
        {s.notice && s.step !== 'room' && <div class="column"><Notice tone={s.notice === 'data_deleted' || s.notice === 'signed_out' ? 'good' : 'info'} loud>{t(s.notice)}</Notice></div>}
        {s.step === 'loading' && <div class="loading" role="status"><span class="spinner" aria-hidden="true" /><h1 class="visually-hidden">{t('title')}</h1></div>}
        {s.step === 'trouble' && (
          <div class="column center-page stack">
            <h1 tabIndex={-1}>{t(s.trouble === 'garment' ? 'no_garment' : 'no_shop')}</h1>
            <p class="soft">{t(s.trouble === 'garment' ? 'no_garment_text' : 'no_shop_text')}</p>
            <div><Button onClick={() => void start()}>{t('retry')}</Button></div>
          </div>
        )}
        {s.step === 'welcome' && <Welcome onPrivacy={() => setSheet('privacy')} />}
        {s.step === 'method' && <Method />}
        {(s.step === 'front' || s.step === 'side') && <Photo key={s.step} which={s.step} />}
        {s.step === 'answers' && <Answers />}
        {s.step === 'work' && <Working />}
        {s.step === 'room' && <Room />}
      </main>
      {known() && s.step !== 'loading' && (
        <footer class="foot">
          {s.deleting === 'no'
            ? <Button kind="quiet" class="foot-button" onClick={deleteSoon}><Icon name="trash" size={18} />{t('data_delete')}</Button>
            : (
              <p class="foot-line" role="status">
                {t(s.deleting === 'stuck' ? 'data_delete_failed' : 'data_deleting')}
                {s.deleting === 'soon' && <Button kind="quiet" onClick={deleteUndo}>{t('data_undo')}</Button>}
              </p>
            )}
        </footer>
      )}
      {sheet === 'privacy' && <Privacy onClose={() => setSheet(null)} />}
      {sheet === 'account' && <Account onClose={() => setSheet(null)} />}
    </div>
  );
}
