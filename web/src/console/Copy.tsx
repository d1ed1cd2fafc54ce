import { useState } from 'preact/hooks';
import { Button, Icon } from '../design';
import { t } from './i18n';

// Text to take along. Without a clipboard (an old browser, a page without rights) it is selected instead.
export function Copy({ text, label, code }: { text: string; label: string; code?: boolean }) {
  const [done, setDone] = useState(false);
  return (
    <div class="copy">
      {code ? <pre class="code" tabIndex={0} role="group" aria-label={label}><code>{text}</code></pre> : <code class="code one" aria-label={label}>{text}</code>}
      <Button
        onClick={(e) => {
          const block = e.currentTarget.parentElement!.querySelector('code')!;
          const select = () => getSelection()?.selectAllChildren(block);
          (navigator.clipboard?.writeText(text) ?? Promise.reject(new Error())).then(
            () => {
              setDone(true);
              setTimeout(() => setDone(false), 3000);
            },
            select,
          );
        }}
      >
        <Icon name={done ? 'check' : 'copy'} size={20} />
        <span role="status">{done ? t('copied') : t('copy')}</span>
      </Button>
    </div>
  );
}
