// The page that frames the room: spoken to only once it has shown itself to be one of the brand's.
import { isMessage, PROTOCOL, type ToRoom, type ToShop } from '../widget/messages';

type Said = ToShop extends infer M ? (M extends { tryon: string } ? Omit<M, 'tryon'> : never) : never;

export class Shop {
  private origin: string | null = null;
  private readonly waiting: Said[] = [];
  readonly framed = window.parent !== window;

  constructor(private readonly on: (message: ToRoom) => void) {}

  // origins: the brand's pages (from the server, never from the address); our own pages may frame us too.
  open(origins: readonly string[]): void {
    if (!this.framed) return;
    const allowed = new Set([...origins, location.origin]);
    addEventListener('message', (e) => {
      if (e.source !== window.parent || !allowed.has(e.origin) || !isMessage(e.data)) return;
      this.origin = e.origin;
      this.on(e.data as ToRoom);
      for (const m of this.waiting.splice(0)) this.say(m);
    });
    window.parent.postMessage({ tryon: PROTOCOL, type: 'ready' }, '*');
  }

  say(message: Said): void {
    if (!this.framed) return;
    if (this.origin) window.parent.postMessage({ tryon: PROTOCOL, ...message }, this.origin);
    else this.waiting.push(message);
  }
}
