// Ties the widget to the theme: brings tryon.js once, keeps the chosen variant in step, and fills the cart.
(() => {
  const blocks = () => document.querySelectorAll('.tryon-block tryon-button');

  function ready(button) {
    if (button.dataset.tied) return;
    button.dataset.tied = 'yes';
    const block = button.closest('.tryon-block');
    const variants = JSON.parse(block.querySelector('[data-tryon-variants]').textContent);
    // Which variants there are for a size: the option's text is the size ("M", "Size M", "M / Blue" has its own option).
    const fold = (s) => String(s).trim().toLowerCase();
    const withSize = (size) => variants.filter((v) => v.options.some((o) => fold(o) === fold(size)));
    // Of these, the one that shares most with what is chosen on the page: the same colour in another size.
    const pick = (size) => {
      const now = variants.find((v) => String(v.id) === button.getAttribute('variant-id'));
      const alike = (v) => (now ? v.options.filter((o) => now.options.includes(o)).length : 0);
      return withSize(size).sort((a, b) => alike(b) - alike(a))[0];
    };
    const say = (text) => (block.querySelector('.tryon-block__message').textContent = text);

    button.addEventListener('tryon:add-to-cart', (e) => {
      e.preventDefault();
      const { size, sessionId, done } = e.detail;
      const variant = pick(size);
      if (!variant) {
        say(button.dataset.failed);
        return done(false);
      }
      const root = window.Shopify?.routes?.root ?? '/';
      fetch(`${root}cart/add.js`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        // A property that begins with _ is hidden at checkout and reaches the order's line.
        body: JSON.stringify({ items: [{ id: variant.id, quantity: 1, properties: sessionId ? { _tryon_session: sessionId } : {} }] }),
      })
        .then((r) => {
          if (!r.ok) throw new Error(String(r.status));
          say(button.dataset.added);
          done(true);
          document.dispatchEvent(new CustomEvent('cart:refresh', { bubbles: true })); // what many themes listen to
        })
        .catch(() => {
          say(button.dataset.failed);
          done(false);
        });
    });
  }

  function load() {
    for (const button of blocks()) {
      ready(button);
      const src = `${button.dataset.tryonServer.replace(/\/+$/, '')}/tryon.js`;
      if (document.querySelector(`script[src="${CSS.escape(src)}"], script[data-tryon="${CSS.escape(src)}"]`)) continue;
      const script = document.createElement('script');
      script.src = src;
      script.async = true;
      script.dataset.tryon = src;
      document.head.append(script);
    }
  }

  // Themes tell a change of variant by the form's hidden field.
  document.addEventListener('change', (e) => {
    const form = e.target.closest?.('form[action*="/cart/add"], product-info, variant-selects');
    const id = form?.querySelector('[name="id"]')?.value ?? document.querySelector('form[action*="/cart/add"] [name="id"]')?.value;
    if (id) setTimeout(() => blocks().forEach((b) => b.setAttribute('variant-id', id)), 0);
  });
  document.addEventListener('shopify:section:load', load); // the theme editor
  load();
})();
