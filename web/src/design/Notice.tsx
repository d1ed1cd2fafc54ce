import type { ComponentChildren } from 'preact';
import { Icon } from './Icon';

export type Tone = 'plain' | 'info' | 'good' | 'warn' | 'bad';

// loud: read out at once (an error that has just happened).
export function Notice({ tone = 'plain', title, loud, children }: { tone?: Tone; title?: string; loud?: boolean; children?: ComponentChildren }) {
  return (
    <div class={`notice notice-${tone}`} role={loud ? 'alert' : undefined}>
      <Icon name={tone === 'good' ? 'check' : tone === 'warn' || tone === 'bad' ? 'alert' : 'info'} />
      <div>
        {title && <p><strong>{title}</strong></p>}
        {children}
      </div>
    </div>
  );
}
