import { apiUrl, type Transport } from './http';

// Server-Sent Events over fetch: EventSource cannot send a token in a header, and a token never goes into an address.
// Calls on() for each event until the stream ends, is aborted, or on() returns true (done). Throws when it breaks.
export async function watch(transport: Transport, path: string, on: (event: string, data: unknown) => boolean, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(apiUrl(path), {
    headers: { Accept: 'text/event-stream', Authorization: `Bearer ${transport.token() ?? ''}` },
    credentials: 'omit',
    cache: 'no-store',
    signal,
  });
  if (!response.ok || !response.body) throw new TypeError(`stream: ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return false;
      pending += value;
      for (let end = pending.indexOf('\n\n'); end >= 0; end = pending.indexOf('\n\n')) {
        const block = pending.slice(0, end);
        pending = pending.slice(end + 2);
        let event = 'message';
        let data = '';
        for (const line of block.split('\n')) {
          if (line.startsWith('event:')) event = line.slice(6).trim();
          else if (line.startsWith('data:')) data += line.slice(5).trim();
        }
        if (data && on(event, JSON.parse(data))) return true;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // broken already
  }
}
