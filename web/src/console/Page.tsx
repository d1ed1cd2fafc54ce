import type { ComponentChildren } from 'preact';
import { Button, Icon, Notice } from '../design';
import { t } from './i18n';
import { sentence } from './session';

// A page's head, and what it shows while loading or when that failed.
export function Page({ title, lead, action, back, children }: { title: string; lead?: string; action?: ComponentChildren; back?: { href: string; label: string }; children: ComponentChildren }) {
  return (
    <div class="page stack">
      {back && <a class="back" href={back.href}><Icon name="back" size={20} flip />{back.label}</a>}
      <div class="page-head">
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          {lead && <p class="soft">{lead}</p>}
        </div>
        {action}
      </div>
      {children}
    </div>
  );
}

export function Waiting({ error, busy, retry }: { error?: unknown; busy: boolean; retry: () => void }) {
  if (error)
    return (
      <Notice tone="bad" loud>
        <p>{sentence(error)}</p>
        <Button onClick={retry}>{t('retry')}</Button>
      </Notice>
    );
  return busy ? <p class="soft waiting" role="status"><span class="spinner" aria-hidden="true" /> {t('loading')}</p> : null;
}
