import { Icon, Sheet, Button, type IconName } from '../design';
import { useEffect, useState } from 'preact/hooks';
import { t, type Key } from './i18n';
import { chooseMethod, type Method as How } from './store';

const WAYS: readonly { how: How; icon: IconName; title: Key; text: Key }[] = [
  { how: 'none', icon: 'ruler', title: 'method_none', text: 'method_none_text' },
  { how: 'one', icon: 'camera', title: 'method_one', text: 'method_one_text' },
  { how: 'two', icon: 'side', title: 'method_two', text: 'method_two_text' },
];

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
      {phone && <Phone onClose={() => setPhone(false)} />}
    </div>
  );
}

// The address of this room as a picture. It holds the product and nothing about the person.
function Phone({ onClose }: { onClose: () => void }) {
  const [code, setCode] = useState<{ size: number; path: string } | null>(null);
  useEffect(() => {
    void import('uqr').then(({ encode }) => {
      const { data, size } = encode(location.href.split('#')[0]!, { border: 2 });
      let path = '';
      data.forEach((row, y) => row.forEach((dark, x) => {
        if (dark) path += `M${x} ${y}h1v1h-1z`;
      }));
      setCode({ size, path });
    });
  }, []);
  return (
    <Sheet title={t('phone_title')} close={t('close')} onClose={onClose}>
      <div class="stack">
        <p class="soft">{t('phone_text')}</p>
        <div class="qr">
          {code && <svg role="img" aria-label={t('phone_alt')} viewBox={`0 0 ${code.size} ${code.size}`} shape-rendering="crispEdges"><rect width={code.size} height={code.size} fill="#fff" /><path d={code.path} fill="#111" /></svg>}
        </div>
      </div>
    </Sheet>
  );
}
