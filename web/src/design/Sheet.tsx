import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { IconButton } from './Button';
import { Icon } from './Icon';

// A modal dialog: the browser keeps the focus inside, Escape and a tap beside it close it.
export function Sheet({ title, close, onClose, wide, children }: {
  title: string;
  close: string; // the close button's words
  onClose: () => void;
  wide?: boolean;
  children: ComponentChildren;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (!dialog) return;
    const before = document.activeElement;
    if (!dialog.open) dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={`sheet${wide ? ' sheet-wide' : ''}`}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onClick={(e) => {
        if (e.target === ref.current) onClose();
      }}
    >
      <div class="sheet-head">
        <h2 id={id} tabIndex={-1}>{title}</h2>
        <IconButton label={close} onClick={onClose}><Icon name="close" /></IconButton>
      </div>
      <div class="sheet-body">{children}</div>
    </dialog>
  );
}
