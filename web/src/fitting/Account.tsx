import { Button, Field, Notice, Segmented, Sheet } from '../design';
import { useEffect, useRef, useState } from 'preact/hooks';
import { sendCode, SignInError, signUp, useCode, withPassword, type Session } from '../api/supabase';
import { t, type Key } from './i18n';
import { email as signedInAs } from './identity';
import { signedIn, signedOut } from './store';

// Supabase's words for what a person can mend.
const SENTENCES: Record<string, Key> = {
  otp_expired: 'acc_code_wrong',
  invalid_credentials: 'acc_wrong',
  email_not_confirmed: 'acc_confirm',
  user_already_exists: 'acc_exists',
  email_exists: 'acc_exists',
  weak_password: 'acc_weak',
  email_address_invalid: 'acc_email_wrong',
  validation_failed: 'acc_email_wrong',
  over_email_send_rate_limit: 'acc_wait',
  over_request_rate_limit: 'acc_wait',
  offline: 'offline_short',
};

export function Account({ onClose }: { onClose: () => void }) {
  const who = signedInAs();
  return (
    <Sheet title={t(who ? 'acc_title_in' : 'acc_title')} close={t('close')} onClose={onClose}>
      {who
        ? (
          <div class="stack">
            <p>{t('acc_in', { email: who })}</p>
            <p class="small soft">{t('acc_in_text')}</p>
            <Button wide onClick={() => {
              onClose();
              signedOut();
            }}>{t('acc_out')}</Button>
          </div>
        )
        : <SignIn onDone={onClose} />}
    </Sheet>
  );
}

function SignIn({ onDone }: { onDone: () => void }) {
  const [way, setWay] = useState<'code' | 'password'>('code');
  const [email, setEmail] = useState('');
  const [secret, setSecret] = useState(''); // the code or the password
  const [sent, setSent] = useState(false);
  const [wrong, setWrong] = useState<Key | null>(null);
  const [said, setSaid] = useState<Key | null>(null);
  const [busy, setBusy] = useState('');
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (sent) form.current?.querySelector<HTMLInputElement>('input[inputmode="numeric"]')?.focus();
  }, [sent]);

  const run = async (what: string, job: () => Promise<Session | null | void>) => {
    if (busy) return;
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim())) return setWrong('acc_email_wrong');
    setBusy(what);
    setWrong(null);
    setSaid(null);
    try {
      const session = await job();
      if (session) {
        await signedIn(session);
        return onDone();
      }
    } catch (e) {
      const status = e instanceof SignInError ? e.status : 0;
      setWrong((e instanceof SignInError && SENTENCES[e.code]) || (status === 429 ? 'acc_wait' : 'failed_general'));
    }
    setBusy('');
  };
  const address = email.trim();
  const mail = () => run('send', async () => {
    await sendCode(address);
    setSent(true);
    setSaid('acc_sent');
  });
  const create = () => run('create', async () => {
    const session = await signUp(address, secret);
    if (!session) setSaid('acc_confirm');
    return session;
  });
  const submit = (e: Event) => {
    e.preventDefault();
    if (way === 'password') void run('in', () => withPassword(address, secret));
    else if (sent) void run('in', () => useCode(address, secret.replace(/\s/g, '')));
    else void mail();
  };

  return (
    <form ref={form} class="stack" onSubmit={submit} noValidate>
      <p class="soft">{t('acc_lead')}</p>
      <Segmented label={t('acc_title')} value={way} onValue={(v) => {
        setWay(v);
        setSecret('');
        setWrong(null);
      }} options={[{ value: 'code', label: t('acc_by_code') }, { value: 'password', label: t('acc_by_password') }]} />
      <Field label={t('acc_email')} type="email" inputMode="email" autocomplete="email" spellcheck={false} value={email} onValue={(v) => {
        setEmail(v);
        setSent(false);
      }} error={wrong === 'acc_email_wrong' ? t(wrong) : undefined} />
      {way === 'code' && sent && <Field label={t('acc_code')} inputMode="numeric" autocomplete="one-time-code" maxLength={12} value={secret} onValue={setSecret} error={wrong === 'acc_code_wrong' ? t(wrong) : undefined} />}
      {way === 'password' && <Field label={t('acc_password')} type="password" autocomplete="current-password" value={secret} onValue={setSecret} error={wrong === 'acc_wrong' || wrong === 'acc_weak' ? t(wrong) : undefined} />}
      {said && <Notice tone="good" loud>{t(said, { email: address })}</Notice>}
      {wrong && !['acc_email_wrong', 'acc_code_wrong', 'acc_wrong', 'acc_weak'].includes(wrong) && <Notice tone="warn" loud>{t(wrong)}</Notice>}
      <Button kind="primary" wide type="submit" busy={busy === 'in' || busy === 'send'}>{t(way === 'code' && !sent ? 'acc_send' : 'acc_enter')}</Button>
      {way === 'code' && sent && <Button kind="quiet" wide onClick={() => void mail()}>{t('acc_again')}</Button>}
      {way === 'password' && <Button wide busy={busy === 'create'} onClick={() => void create()}>{t('acc_create')}</Button>}
    </form>
  );
}
