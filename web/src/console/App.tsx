import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Field, Icon, Notice, type IconName } from '../design';
import { ApiError } from '../api/http';
import { useSyncExternalStore } from '../i18n/store';
import { Analytics } from './Analytics';
import { GarmentEdit } from './GarmentEdit';
import { Garments } from './Garments';
import { useAction, useLoad, useRoute } from './hooks';
import { i18n, t, type Key } from './i18n';
import { Install } from './Install';
import { Keys } from './Keys';
import { call, sentence, session, tryKey, type Brand } from './session';
import { Settings } from './Settings';

export function App() {
  i18n.useLanguage();
  const key = useSyncExternalStore(session.subscribe, session.key);
  useEffect(() => {
    document.title = t('title');
  });
  return key ? <Shell key={key} /> : <SignIn />;
}

function SignIn() {
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState('');
  const { busy, error, run } = useAction();
  const send = () => {
    const given = key.trim();
    if (given.startsWith('try_pub_')) return setWrong(t('signin_public'));
    if (!/^try_live_[A-Za-z0-9]{38}$/.test(given)) return setWrong(t('signin_cut'));
    setWrong('');
    void run(async () => {
      try {
        await tryKey(given);
        session.signIn(given);
      } catch (e) {
        if (e instanceof ApiError && (e.status === 401 || e.status === 403)) setWrong(t('signin_wrong'));
        else throw e;
      }
    });
  };
  return (
    <main class="signin">
      <form class="card signin-card stack" onSubmit={(e) => (e.preventDefault(), send())}>
        <p class="brandmark"><Mark /> TryOn</p>
        <h1>{t('signin_title')}</h1>
        {session.why() && <Notice tone="warn">{session.why()}</Notice>}
        <p class="soft">{t('signin_lead')}</p>
        <Field label={t('signin_label')} type="password" autocomplete="current-password" spellcheck={false} value={key} onValue={setKey} error={wrong || undefined} hint={t('signin_safe')} />
        {!!error && <Notice tone="bad" loud>{sentence(error)}</Notice>}
        <Button kind="primary" type="submit" wide busy={busy}>{t('signin_button')}</Button>
        <p class="small soft">{t('signin_lost')}</p>
      </form>
    </main>
  );
}

const PAGES: { path: string; label: Key; icon: IconName }[] = [
  { path: 'garments', label: 'nav_garments', icon: 'bag' },
  { path: 'analytics', label: 'nav_analytics', icon: 'chart' },
  { path: 'install', label: 'nav_install', icon: 'code' },
  { path: 'keys', label: 'nav_keys', icon: 'lock' },
  { path: 'settings', label: 'nav_settings', icon: 'sliders' },
];

function Shell() {
  const route = useRoute();
  const page = route[0] ?? 'garments';
  const brand = useLoad((signal) => call<Brand>('/v1/brand', { signal }), []);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    scrollTo(0, 0);
    // A new page is read out from its heading; the very first one is the browser's to announce.
    if (!first.current) main.current?.querySelector<HTMLElement>('h1')?.focus();
    first.current = false;
  }, [route.join('/')]);
  return (
    <div class="shell">
      <a class="skip button button-primary" href="#main" onClick={(e) => (e.preventDefault(), main.current?.querySelector<HTMLElement>('h1')?.focus())}>{t('skip')}</a>
      <header class="side">
        <p class="brandmark"><Mark /> <span>{brand.value?.name ?? 'TryOn'}</span></p>
        <nav aria-label={t('nav')}>
          <ul>
            {PAGES.map((p) => (
              <li key={p.path}>
                <a href={`#/${p.path}`} aria-current={page === p.path ? 'page' : undefined}>
                  <Icon name={p.icon} />
                  <span>{t(p.label)}</span>
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <button type="button" class="signout" onClick={() => session.signOut()}><Icon name="leave" flip /><span>{t('sign_out')}</span></button>
      </header>
      <main ref={main} id="main">
        {page === 'garments' && (route[1] ? <GarmentEdit key={route[1]} id={route[1] === 'new' ? null : route[1]} /> : <Garments />)}
        {page === 'analytics' && <Analytics />}
        {page === 'install' && <Install brand={brand.value} onChange={brand.put} />}
        {page === 'keys' && <Keys />}
        {page === 'settings' && <Settings brand={brand.value} onChange={brand.put} />}
      </main>
    </div>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path d="M16 10.5V9.2a2.7 2.7 0 1 1 2.7-2.7M16 10.5 4.5 20c-1.300 1.100-.5 3.5 1.300 3.5h20.400c1.800 0 2.600-2.400 1.300-3.5z" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
