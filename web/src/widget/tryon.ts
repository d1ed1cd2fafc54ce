// <tryon-button>: a shop's whole part in TryOn. Loads nothing before it is tapped but one small, cacheable answer to
// "is there a garment for this product?"; until that says yes it stays invisible in the space the page gave it, so
// that nothing on the page ever moves.
//
//   <tryon-button brand="BRAND-ID" product-id="…" variant-id="…"></tryon-button>
//   <script src="https://tryon.example/tryon.js" async></script>
//
// Attributes: brand or shop, product-id, variant-id, variants (JSON {"M": "variant id"}), lang, label, host.
// Events (bubbling, detail in parentheses): tryon:available (garmentId), tryon:open, tryon:close, tryon:recommended
// (size, probability), tryon:size-selected (size), tryon:add-to-cart (size, variantId, sessionId; call
// preventDefault() and later detail.done(true or false) when adding takes time or may fail).
import { PROTOCOL, isMessage, type ToRoom, type ToShop } from './messages';
import { words } from './words';
import { css } from './style';

const script = document.currentScript as HTMLScriptElement | null;
const home = script?.src ? new URL(script.src).origin : location.origin;
const api = __API_URL__.replace(/\/$/, ''); // where pages and API have different addresses
const sheet = typeof CSSStyleSheet === 'function' && 'adoptedStyleSheets' in document ? new CSSStyleSheet() : null;
sheet?.replaceSync(css); // a constructed sheet needs no 'unsafe-inline' from the shop's policy

const known = new Map<string, Promise<string | null>>(); // address → garment's id, once per page

function ask(url: string): Promise<string | null> {
  let answer = known.get(url);
  if (!answer) {
    // No credentials and no header of ours: a simple request, which browsers send without asking first.
    answer = fetch(url, { credentials: 'omit' })
      .then((r) => (r.ok ? r.json() : null))
      .then((j: { garment_id?: string | null } | null) => j?.garment_id ?? null)
      .catch(() => null);
    known.set(url, answer);
  }
  return answer;
}

let opened: TryOnButton | null = null;

class TryOnButton extends HTMLElement {
  static observedAttributes = ['brand', 'shop', 'product-id', 'variant-id', 'label', 'lang'];
  private root = this.attachShadow({ mode: 'open', delegatesFocus: true });
  private button = document.createElement('button');
  private dialog: HTMLDialogElement | null = null;
  private frame: HTMLIFrameElement | null = null;
  private page: { overflow: string; padding: string } | null = null;
  private marked = false; // our entry lies on top of the page's history
  private asked = '';
  private watch = 0;

  constructor() {
    super();
    if (sheet) this.root.adoptedStyleSheets = [sheet];
    this.button.type = 'button';
    this.button.part.add('button');
    this.button.hidden = true;
    this.button.append(icon(), document.createElement('span'));
    this.button.addEventListener('click', () => this.open());
    this.root.append(this.button);
  }

  connectedCallback(): void {
    this.check();
  }

  disconnectedCallback(): void {
    this.close();
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected) return;
    if (name === 'variant-id') this.greet();
    else this.check();
  }

  private get host(): string {
    const own = this.getAttribute('host');
    return own ? new URL(own).origin : home;
  }

  private query(names: string[]): string {
    const q = new URLSearchParams();
    for (const n of names) {
      const v = n === 'lang' ? this.language : this.getAttribute(n);
      if (v) q.set(n.replace('-', '_'), v);
    }
    return q.toString();
  }

  private get language(): string {
    return this.getAttribute('lang') || document.documentElement.lang || navigator.language;
  }

  private check(): void {
    const say = words(this.language);
    this.button.lastElementChild!.textContent = this.getAttribute('label') || say.button;
    if (!this.getAttribute('product-id') || !(this.getAttribute('brand') || this.getAttribute('shop'))) return;
    const url = `${api || this.host}/v1/widget?${this.query(['brand', 'shop', 'product-id'])}`;
    if (url === this.asked) return;
    this.asked = url;
    void ask(url).then((garmentId) => {
      if (this.asked !== url) return; // another product was chosen meanwhile
      this.button.hidden = !garmentId;
      if (garmentId) {
        this.hidden = false;
        this.fire('available', { garmentId });
      } else {
        vanish(this);
      }
    });
  }

  private fire(name: string, detail: object = {}, cancelable = false): boolean {
    const all = { productId: this.getAttribute('product-id'), ...detail };
    return this.dispatchEvent(new CustomEvent(`tryon:${name}`, { detail: all, bubbles: true, composed: true, cancelable }));
  }

  private tell(m: ToRoom): void {
    this.frame?.contentWindow?.postMessage(m, this.host);
  }

  private greet(): void {
    const of = (name: string) => this.getAttribute(name) ?? undefined;
    this.tell({ tryon: PROTOCOL, type: 'open', product_id: of('product-id'), variant_id: of('variant-id'), locale: this.language });
  }

  open(): void {
    if (this.dialog || opened) return;
    opened = this;
    const say = words(this.language);
    const d = (this.dialog = document.createElement('dialog'));
    d.setAttribute('aria-label', say.title);
    d.part.add('dialog');
    const shut = document.createElement('button');
    shut.type = 'button';
    shut.className = 'close';
    shut.setAttribute('aria-label', say.close);
    shut.append(cross());
    shut.addEventListener('click', () => this.close());
    const f = (this.frame = document.createElement('iframe'));
    f.title = say.title;
    // The camera is asked for by the fitting room, and only when the shopper chooses to take a photo.
    f.allow = 'camera; accelerometer; gyroscope; fullscreen';
    f.referrerPolicy = 'origin';
    f.src = `${this.host}/embed?${this.query(['brand', 'shop', 'product-id', 'variant-id', 'lang'])}`;
    const wait = document.createElement('p');
    wait.textContent = say.loading;
    wait.setAttribute('role', 'status');
    f.addEventListener('load', () => wait.remove());
    // A frame that was still loading takes the focus that came to it along when its empty page goes: it is brought back,
    // or no key would reach the dialog.
    let lost = 0; // looks in a row: on its way into a frame the focus is nowhere for a moment
    this.watch = setInterval(() => {
      lost = document.activeElement === document.body && document.hasFocus() ? lost + 1 : 0;
      if (lost > 2) shut.focus();
    }, 100);
    // Tab leaves the dialog for the browser's own bars at both ends: these two bring it back in.
    const first = fence(() => f.focus()),
      last = fence(() => shut.focus());
    d.append(first, shut, wait, f, last);
    d.addEventListener('cancel', (e) => {
      e.preventDefault();
      this.close();
    });
    d.addEventListener('click', (e) => {
      if (e.target === d) this.close(); // the backdrop
    });
    this.root.append(d);
    const page = document.documentElement.style;
    this.page = { overflow: page.overflow, padding: page.paddingInlineEnd };
    const bar = innerWidth - document.documentElement.clientWidth;
    page.overflow = 'hidden';
    if (bar > 0) page.paddingInlineEnd = `${bar}px`; // the scroll bar goes; what it covered stays where it was
    d.showModal();
    shut.focus();
    history.pushState({ ...(history.state as object | null), tryon: true }, '');
    this.marked = true;
    addEventListener('popstate', this.onBack);
    addEventListener('message', this.onMessage);
    this.fire('open');
  }

  close(): void {
    if (!this.dialog) return;
    removeEventListener('popstate', this.onBack);
    removeEventListener('message', this.onMessage);
    clearInterval(this.watch);
    this.dialog.close();
    this.dialog.remove(); // with the frame: camera and 3D stop at once
    this.dialog = this.frame = null;
    opened = null;
    const page = document.documentElement.style;
    page.overflow = this.page?.overflow ?? '';
    page.paddingInlineEnd = this.page?.padding ?? '';
    if (this.marked && (history.state as { tryon?: boolean } | null)?.tryon) history.back();
    this.marked = false;
    if (this.isConnected) this.button.focus();
    this.fire('close');
  }

  private onBack = (): void => {
    // Steps back inside the frame leave our entry on top; only leaving it closes.
    if ((history.state as { tryon?: boolean } | null)?.tryon) return;
    this.marked = false;
    this.close();
  };

  private onMessage = (e: MessageEvent): void => {
    if (e.origin !== this.host || !this.frame || e.source !== this.frame.contentWindow || !isMessage(e.data)) return;
    const m = e.data as ToShop;
    if (m.type === 'ready') {
      this.greet();
    } else if (m.type === 'close') {
      this.close();
    } else if (m.type === 'recommended') {
      this.fire('recommended', { ...choice(m), probability: m.probability });
    } else if (m.type === 'size-selected') {
      this.fire('size-selected', { ...choice(m), variantId: this.variants()?.[m.size] ?? null });
    } else if (m.type === 'add-to-cart') {
      const done = (ok: boolean) => this.tell({ tryon: PROTOCOL, type: 'cart', ok });
      const variantId = this.variants()?.[m.size] ?? null;
      if (this.fire('add-to-cart', { ...choice(m), variantId, done }, true)) done(true);
    }
  };

  private variants(): Record<string, string> | null {
    try {
      return JSON.parse(this.getAttribute('variants') ?? 'null') as Record<string, string> | null;
    } catch {
      return null; // a page's mistake: then the shop finds the variant by the size's name
    }
  }
}

function choice(m: { size: string | null; session_id: string | null; garment_id: string | null }) {
  return { size: m.size, sessionId: m.session_id, garmentId: m.garment_id };
}

function fence(to: () => void): HTMLElement {
  const s = document.createElement('span');
  s.tabIndex = 0;
  s.className = 'fence';
  s.setAttribute('aria-hidden', 'true');
  s.addEventListener('focus', to);
  return s;
}

// Gives the space back when that moves nothing in sight: when the element is outside the window, or with the shopper's
// next tap or key, which browsers do not count as the page jumping.
function vanish(e: HTMLElement): void {
  const gone = () => {
    e.hidden = true;
    watch.disconnect();
    removeEventListener('pointerdown', gone, true);
    removeEventListener('keydown', gone, true);
  };
  const watch = new IntersectionObserver((seen) => {
    if (!seen[seen.length - 1]!.isIntersecting || !e.offsetHeight) gone();
  });
  watch.observe(e);
  addEventListener('pointerdown', gone, true);
  addEventListener('keydown', gone, true);
}

function drawing(path: string): SVGSVGElement {
  const s = document.createElementNS('http://www.w3.org/2000/svg', 'svg'),
    p = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  s.setAttribute('viewBox', '0 0 24 24');
  s.setAttribute('aria-hidden', 'true');
  p.setAttribute('d', path);
  s.append(p);
  return s;
}
const icon = () => drawing('M12 8V7a2 2 0 1 1 2-2M12 8 3 15.5c-1 .8-.4 2.5 1 2.5h16c1.4 0 2-1.7 1-2.5z');
const cross = () => drawing('M6 6l12 12M18 6 6 18');

if (!customElements.get('tryon-button')) customElements.define('tryon-button', TryOnButton);
