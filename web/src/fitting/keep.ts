// What stays between visits: the guest's token, until it runs out; the answers and where she was, while the tab is open.
// A browser that allows no storage (a framed page may not be let) keeps it in memory.
const memory = new Map<string, string>();

function place(kind: 'localStorage' | 'sessionStorage'): Storage | null {
  try {
    return window[kind];
  } catch {
    return null;
  }
}

export function keep(kind: 'localStorage' | 'sessionStorage', key: string, value: unknown): void {
  const text = value === undefined ? undefined : JSON.stringify(value);
  try {
    const s = place(kind);
    if (text === undefined) s?.removeItem(`tryon.${key}`);
    else s?.setItem(`tryon.${key}`, text);
  } catch {
    // full or forbidden: memory has it
  }
  if (text === undefined) memory.delete(key);
  else memory.set(key, text);
}

export function kept<T>(kind: 'localStorage' | 'sessionStorage', key: string): T | undefined {
  let text: string | null | undefined;
  try {
    text = place(kind)?.getItem(`tryon.${key}`);
  } catch {
    text = undefined;
  }
  text ??= memory.get(key);
  try {
    return text ? (JSON.parse(text) as T) : undefined;
  } catch {
    return undefined;
  }
}
