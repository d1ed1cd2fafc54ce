// The one way to talk to the server: bearer token in a header (never in an address), problem+json as errors with a
// sentence for the person, time-outs, and retries where repeating is safe.
export class ApiError extends Error {
  constructor(
    readonly kind: string, // the last part of the problem's type: "not-found", "offline", …
    readonly status: number, // 0: no answer
    detail: string,
    readonly field?: string,
    readonly retryAfter = 0, // seconds
  ) {
    super(detail);
    this.name = 'ApiError';
  }
  get offline(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  json?: unknown;
  form?: FormData;
  body?: Blob | string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutMs?: number;
  // How often to try again when there is no answer, or a 429/5xx. Reading repeats by itself; what changes something
  // only when the caller says that repeating is harmless.
  retries?: number;
  onUpload?: (part: number) => void; // 0 to 1
}

export interface Transport {
  token(): string | undefined; // a shopper's token, or a brand's secret key in the console
  context?(): string | undefined; // for which brand, sent as X-TryOn-Key
}

export const apiUrl = (path: string): string => `${__API_URL__.replace(/\/$/, '')}${path}`;

const sleep = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });

function problem(status: number, text: string, headers: Headers | Map<string, string>): ApiError {
  const wait = Number(headers.get('retry-after') ?? 0) || 0;
  try {
    const p = JSON.parse(text) as { type?: string; title?: string; detail?: string; field?: string };
    if (p.type) return new ApiError(p.type.split(':').pop() ?? 'unknown', status, p.detail ?? p.title ?? '', p.field, wait);
  } catch {
    // not ours: a proxy's page
  }
  return new ApiError(status >= 500 ? 'server' : 'http', status, '', undefined, wait);
}

interface Answer {
  status: number;
  text: string;
  headers: Headers | Map<string, string>;
}

async function byFetch(url: string, call: Call, headers: Record<string, string>): Promise<Answer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), call.timeoutMs ?? 20000);
  const cancel = () => abort.abort();
  call.signal?.addEventListener('abort', cancel);
  try {
    const response = await fetch(url, {
      method: call.method ?? 'GET',
      headers,
      body: call.json !== undefined ? JSON.stringify(call.json) : (call.form ?? call.body ?? null),
      signal: abort.signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', cancel);
  }
}

// Only XMLHttpRequest tells how much of an upload has gone.
function byXhr(url: string, call: Call, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const x = new XMLHttpRequest();
    x.open(call.method ?? 'POST', url);
    for (const [name, value] of Object.entries(headers)) x.setRequestHeader(name, value);
    x.timeout = call.timeoutMs ?? 120000;
    x.upload.onprogress = (e) => e.lengthComputable && call.onUpload?.(e.loaded / e.total);
    x.onload = () => {
      const found = new Map<string, string>();
      const wait = x.getResponseHeader('retry-after');
      if (wait) found.set('retry-after', wait);
      resolve({ status: x.status, text: x.responseText, headers: found });
    };
    x.onerror = x.ontimeout = () => reject(new TypeError('network'));
    x.onabort = () => reject(new DOMException('aborted', 'AbortError'));
    call.signal?.addEventListener('abort', () => x.abort());
    x.send(call.form ?? (call.json !== undefined ? JSON.stringify(call.json) : (call.body ?? null)));
  });
}

export async function request<T>(transport: Transport, path: string, call: Call = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json', ...call.headers };
  const token = transport.token();
  const context = transport.context?.();
  if (token) headers['Authorization'] = `Bearer ${token}`;
  if (context) headers['X-TryOn-Key'] = context;
  if (call.json !== undefined) headers['Content-Type'] = 'application/json';
  const retries = call.retries ?? ((call.method ?? 'GET') === 'GET' ? 3 : 0);
  for (let attempt = 0; ; attempt++) {
    let failed: ApiError;
    call.signal?.throwIfAborted(); // a signal that has been given already calls nobody
    try {
      const answer = await (call.onUpload ? byXhr : byFetch)(apiUrl(path), call, headers);
      if (answer.status >= 200 && answer.status < 300) return (answer.text ? JSON.parse(answer.text) : undefined) as T;
      failed = problem(answer.status, answer.text, answer.headers);
    } catch (e) {
      if (call.signal?.aborted) throw e;
      failed = new ApiError('offline', 0, '');
    }
    const again = failed.offline || failed.status === 429 || failed.status >= 500;
    if (!again || attempt >= retries) throw failed;
    await sleep(failed.retryAfter ? Math.min(failed.retryAfter, 20) * 1000 : 400 * 2 ** attempt, call.signal);
  }
}

// Bytes of a signed link (or of any address of ours), without our token.
export async function bytes(url: string, signal?: AbortSignal, retries = 3): Promise<ArrayBuffer> {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(url, { credentials: 'omit', referrerPolicy: 'no-referrer', ...(signal && { signal }) });
      if (response.ok) return await response.arrayBuffer();
      if (response.status < 500) throw new ApiError('http', response.status, '');
    } catch (e) {
      if (signal?.aborted || (e instanceof ApiError && !e.offline)) throw e;
    }
    if (attempt >= retries) throw new ApiError('offline', 0, '');
    await sleep(400 * 2 ** attempt, signal);
  }
}
