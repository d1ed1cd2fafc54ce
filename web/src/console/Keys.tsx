import { useState } from 'preact/hooks';
import { ApiError } from '../api/http';
import { Button, Field, Icon, Notice, Sheet } from '../design';
import { Copy } from './Copy';
import { useAction, useLoad } from './hooks';
import { i18n, t, type Key } from './i18n';
import { originOf } from './Install';
import { Page, Waiting } from './Page';
import { call, sentence, session, type ApiKey } from './session';

const SCOPES = ['garments', 'events', 'analytics', 'keys'] as const;
type Asking = { what: 'new' } | { what: 'rotate' | 'revoke'; key: ApiKey } | { what: 'made'; key: ApiKey };

export function Keys() {
  const list = useLoad((signal) => call<{ items: ApiKey[] }>('/v1/keys', { signal }), []);
  const [asking, setAsking] = useState<Asking>();
  const action = useAction();
  const done = (next?: Asking) => {
    action.clear();
    setAsking(next);
    list.reload();
  };
  const live = (list.value?.items ?? []).filter((k) => !k.revoked_at && !(k.expires_at && Date.parse(k.expires_at) < Date.now())).reverse();
  if (list.error instanceof ApiError && list.error.status === 403) return <Page title={t('keys_title')}><Notice tone="warn">{t('keys_forbidden')}</Notice></Page>;
  return (
    <Page title={t('keys_title')} lead={t('keys_lead')} action={<Button kind="primary" onClick={() => setAsking({ what: 'new' })}><Icon name="plus" size={20} />{t('keys_new')}</Button>}>
      {!list.value && <Waiting {...list} retry={list.reload} />}
      {live.length > 0 && (
        <ul class="card list">
          {live.map((k) => {
            const mine = !!session.key()?.startsWith(k.prefix) && k.kind === 'secret';
            return (
              <li key={k.id} class="list-row still wrap">
                <span class={`tag ${k.kind}`}>{t(k.kind === 'secret' ? 'keys_secret_short' : 'keys_public')}</span>
                <span class="list-main">
                  <code>{k.prefix}…</code>
                  <span class="soft small">
                    {[t('keys_created', { date: i18n.date(k.created_at) }), k.last_used_at ? t('keys_used', { date: i18n.date(k.last_used_at) }) : t('keys_unused'), k.expires_at && t('keys_expires', { date: i18n.date(k.expires_at) }), mine && t('keys_this')].filter(Boolean).join(' · ')}
                  </span>
                  <span class="soft small">{k.kind === 'secret' ? k.scopes.map((s) => t(`scope_${s}` as Key)).join(', ') : k.origins.join(', ')}</span>
                </span>
                <span class="row">
                  {!k.expires_at && <Button kind="quiet" aria-label={`${t('keys_rotate')} ${k.prefix}`} onClick={() => setAsking({ what: 'rotate', key: k })}>{t('keys_rotate')}</Button>}
                  <Button kind="quiet" class="danger-text" aria-label={`${t('keys_revoke')} ${k.prefix}`} onClick={() => setAsking({ what: 'revoke', key: k })}>{t('keys_revoke')}</Button>
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {asking?.what === 'new' && <NewKey onClose={() => done()} onMade={(key) => done({ what: 'made', key })} />}
      {(asking?.what === 'rotate' || asking?.what === 'revoke') && (
        <Sheet title={t(asking.what === 'rotate' ? 'keys_rotate' : 'keys_revoke')} close={t('close')} onClose={() => done()}>
          <div class="stack">
            <p>{t(asking.what === 'rotate' ? 'keys_rotate_sure' : 'keys_revoke_sure', { prefix: asking.key.prefix })}</p>
            {!!action.error && <Notice tone="bad" loud>{sentence(action.error)}</Notice>}
            <div class="row">
              <Button
                kind={asking.what === 'revoke' ? 'danger' : 'primary'}
                busy={action.busy}
                onClick={() =>
                  void action.run(async () => {
                    if (asking.what === 'revoke') {
                      await call(`/v1/keys/${asking.key.id}`, { method: 'DELETE' });
                      done();
                    } else {
                      done({ what: 'made', key: await call<ApiKey>(`/v1/keys/${asking.key.id}/rotate`, { method: 'POST', json: { overlap_seconds: 86400 } }) });
                    }
                  })
                }
              >
                {t(asking.what === 'rotate' ? 'keys_rotate' : 'keys_revoke')}
              </Button>
              <Button onClick={() => done()}>{t('cancel')}</Button>
            </div>
          </div>
        </Sheet>
      )}
      {asking?.what === 'made' && (
        <Sheet title={t('keys_made')} close={t('close')} onClose={() => done()}>
          <div class="stack">
            <Notice tone="warn">{t('keys_once')}</Notice>
            <Copy label={t('keys_made')} text={asking.key.key ?? ''} />
            <Button kind="primary" onClick={() => done()}>{t('keys_kept')}</Button>
          </div>
        </Sheet>
      )}
    </Page>
  );
}

function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (k: ApiKey) => void }) {
  const [kind, setKind] = useState<'publishable' | 'secret'>('secret');
  const [scopes, setScopes] = useState<string[]>(['garments', 'events', 'analytics']);
  const [page, setPage] = useState('');
  const [wrong, setWrong] = useState('');
  const action = useAction();
  const make = () => {
    const origin = originOf(page);
    if (kind === 'publishable' && !origin) return setWrong(t('install_pages_bad'));
    setWrong('');
    void action.run(async () => onMade(await call<ApiKey>('/v1/keys', { method: 'POST', json: kind === 'secret' ? { kind, scopes } : { kind, origins: [origin] } })));
  };
  return (
    <Sheet title={t('keys_new')} close={t('close')} onClose={onClose}>
      <form class="stack" onSubmit={(e) => (e.preventDefault(), make())}>
        <fieldset class="stack tight">
          <legend class="field-label">{t('keys_kind')}</legend>
          {(['secret', 'publishable'] as const).map((k) => (
            <label key={k} class="check"><input type="radio" name="kind" checked={kind === k} onChange={() => setKind(k)} /><span>{t(`keys_${k}`)}</span></label>
          ))}
        </fieldset>
        {kind === 'secret' ? (
          <fieldset class="stack tight">
            <legend class="field-label">{t('keys_may')}</legend>
            {SCOPES.map((s) => (
              <label key={s} class="check">
                <input type="checkbox" checked={scopes.includes(s)} onChange={(e) => setScopes(e.currentTarget.checked ? [...scopes, s] : scopes.filter((x) => x !== s))} />
                <span>{t(`scope_${s}`)}</span>
              </label>
            ))}
          </fieldset>
        ) : (
          <Field label={t('install_pages_label')} hint={t('install_pages_hint')} value={page} onValue={setPage} error={wrong || undefined} />
        )}
        {!!action.error && <Notice tone="bad" loud>{sentence(action.error)}</Notice>}
        <Button kind="primary" type="submit" wide busy={action.busy}>{t('keys_create')}</Button>
      </form>
    </Sheet>
  );
}
