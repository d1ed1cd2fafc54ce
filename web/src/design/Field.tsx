import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface Shared {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  hideLabel?: boolean;
}

function Frame({ id, label, hint, error, hideLabel, children }: Shared & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label class={hideLabel ? 'visually-hidden' : 'field-label'} for={id}>{label}</label>
      <div class="field-box" data-invalid={error ? '' : undefined}>{children}</div>
      {hint && <p class="field-hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p class="field-error" id={`${id}-error`} role="alert">{error}</p>}
    </div>
  );
}

const described = (id: string, hint?: string, error?: string) =>
  [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;

export interface FieldProps extends Shared {
  value: string;
  onValue: (value: string) => void;
  unit?: string;
  type?: 'text' | 'password' | 'email' | 'number' | 'date' | 'search' | 'url';
  inputMode?: 'text' | 'numeric' | 'decimal' | 'email';
  autocomplete?: AutoFill;
  autofocus?: boolean;
  spellcheck?: boolean;
  required?: boolean;
  placeholder?: string;
  maxLength?: number;
}
type AutoFill = 'on' | 'off' | 'email' | 'name' | 'current-password' | 'one-time-code';

export function Field({ label, hint, error, hideLabel, value, onValue, unit, type = 'text', ...rest }: FieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <input
        {...rest}
        type={type as 'text'}
        id={id}
        value={value}
        onInput={(e) => onValue(e.currentTarget.value)}
        aria-invalid={error ? true : undefined}
        aria-describedby={described(id, hint, error)}
      />
      {unit && <span class="field-unit" aria-hidden="true">{unit}</span>}
    </Frame>
  );
}

export interface SelectProps extends Shared {
  value: string;
  onValue: (value: string) => void;
  options: readonly { value: string; label: string }[];
}

export function Select({ label, hint, error, hideLabel, value, onValue, options }: SelectProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <select id={id} value={value} onChange={(e) => onValue(e.currentTarget.value)} aria-describedby={described(id, hint, error)}>
        {options.map((o) => <option key={o.value} value={o.value}>{o.label}</option>)}
      </select>
    </Frame>
  );
}

// A choice of few: radio buttons that look like one control.
export function Segmented<T extends string>({ label, value, onValue, options }: {
  label: string;
  value: T | '';
  onValue: (value: T) => void;
  options: readonly { value: T; label: string }[];
}) {
  const name = useId();
  return (
    <fieldset class="segmented" aria-label={label}>
      {options.map((o) => (
        <label key={o.value}>
          <input type="radio" name={name} value={o.value} checked={o.value === value} onChange={() => onValue(o.value)} />
          <span>{o.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
