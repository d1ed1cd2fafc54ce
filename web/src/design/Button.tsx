import type { ComponentChildren, HTMLAttributes, TargetedMouseEvent } from 'preact';

type Kind = 'primary' | 'secondary' | 'quiet' | 'danger';
type Base = Omit<HTMLAttributes<HTMLButtonElement>, 'onClick' | 'class' | 'className' | 'role'>;
export interface ButtonProps extends Base {
  class?: string;
  onClick?: (e: TargetedMouseEvent<HTMLButtonElement>) => void;
  kind?: Kind;
  wide?: boolean;
  busy?: boolean; // something is under way: said aloud, and further taps do nothing
  disabled?: boolean;
  type?: 'button' | 'submit';
  children?: ComponentChildren;
}

export function Button({ kind = 'secondary', wide, busy, disabled, type = 'button', class: extra, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      class={`button button-${kind}${wide ? ' button-wide' : ''}${extra ? ` ${extra}` : ''}`}
      disabled={disabled}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={(e) => {
        if (busy) e.preventDefault();
        else onClick?.(e);
      }}
    >
      {busy && <span class="spinner" aria-hidden="true" />}
      {children}
    </button>
  );
}

export function IconButton({ label, children, class: extra, ...rest }: Base & { label: string; class?: string; onClick?: (e: TargetedMouseEvent<HTMLButtonElement>) => void }) {
  return (
    <button {...rest} type="button" class={`button button-icon${extra ? ` ${extra}` : ''}`} aria-label={label} title={label}>
      {children}
    </button>
  );
}
