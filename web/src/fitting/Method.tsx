import { Icon, Button, type IconName } from '../design';
import { useState } from 'preact/hooks';
import { t, type Key } from './i18n';
import { lazy } from './lazy';
import type { Phone as PhoneOf } from './Phone';
import { chooseMethod, type Method as How } from './store';

const WAYS: readonly { how: How; icon: IconName; title: Key; text: Key }[] = [
  { how: 'none', icon: 'ruler', title: 'method_none', text: 'method_none_text' },
  { how: 'one', icon: 'camera', title: 'method_one', text: 'method_one_text' },
  { how: 'two', icon: 'side', title: 'method_two', text: 'method_two_text' },
];

export const Phone = lazy<Parameters<typeof PhoneOf>[0]>(() => import('./Phone').then((m) => m.Phone));

export function Method() {
  const [phone, setPhone] = useState(false);
  return (
    <div class="column page">
      <div class="stack page-body">
        <h1 tabIndex={-1}>{t('method_title')}</h1>
        <p class="soft">{t('method_lead')}</p>
        <ul class="ways">
          {WAYS.map((w) => (
            <li key={w.how}>
              <button type="button" class="way" onClick={() => chooseMethod(w.how)}>
                <span class="way-icon"><Icon name={w.icon} size={28} /></span>
                <span class="way-words">
                  <span class="way-title">{t(w.title)}{w.how === 'none' && <span class="tag">{t('method_quick')}</span>}</span>
                  <span class="soft small">{t(w.text)}</span>
                </span>
                <Icon name="next" size={20} flip />
              </button>
            </li>
          ))}
        </ul>
        <div class="only-desktop"><Button kind="quiet" onClick={() => setPhone(true)}><Icon name="qr" />{t('phone_open')}</Button></div>
      </div>
      {phone && <Phone method="none" onClose={() => setPhone(false)} />}
    </div>
  );
}
