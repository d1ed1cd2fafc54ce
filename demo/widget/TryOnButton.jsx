// The widget in React 18 or 19. <TryOnButton product="8842011" onAdd={(size, session) => cart.add(size, session)} />
import { useEffect, useRef } from 'react';

const SERVER = 'https://tryon.example';
const BRAND = 'BRAND-NUMBER';

export function TryOnButton({ product, variant, onAdd, onSize }) {
  const ref = useRef(null);
  const handlers = useRef({});
  handlers.current = { onAdd, onSize }; // always the latest, without listening anew at each drawing

  useEffect(() => {
    const src = `${SERVER}/tryon.js`;
    if (!document.querySelector(`script[src="${src}"]`)) {
      const script = document.createElement('script');
      script.src = src;
      script.async = true;
      document.head.append(script);
    }
    const button = ref.current;
    const size = (e) => handlers.current.onSize?.(e.detail.size);
    const add = (e) => {
      if (!handlers.current.onAdd) return;
      e.preventDefault();
      Promise.resolve(handlers.current.onAdd(e.detail.size, e.detail.sessionId)).then(
        () => e.detail.done(true),
        () => e.detail.done(false),
      );
    };
    button.addEventListener('tryon:size-selected', size);
    button.addEventListener('tryon:add-to-cart', add);
    return () => {
      button.removeEventListener('tryon:size-selected', size);
      button.removeEventListener('tryon:add-to-cart', add);
    };
  }, []);

  return <tryon-button ref={ref} brand={BRAND} product-id={product} variant-id={variant} style={{ display: 'block', minHeight: 48 }} />;
}
