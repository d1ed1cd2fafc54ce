// Texts. A page has one English file, complete by definition; the other languages are files of the same keys, checked by
// the compiler (Texts<typeof en>) and fetched only when wanted. {name} stands for a value given at the call. Plurals are
// keys ending in _one and _other (and what else Intl.PluralRules says for a language that has them).
import { useSyncExternalStore } from './store';

export type Texts<T> = { readonly [K in keyof T]: string };
export const LANGUAGES = { en: 'English', de: 'Deutsch', es: 'Español', fr: 'Français', ja: '日本語' } as const;
export type Language = keyof typeof LANGUAGES;
type Values = Record<string, string | number>;
type Loaders<T> = Record<Exclude<Language, 'en'>, () => Promise<{ default: Texts<T> }>>;

// Right-to-left scripts, for pages that are embedded in such shops with a translation of their own.
const RTL = /^(ar|fa|he|ur)\b/;

export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0];
    if (base && base in LANGUAGES) return base as Language;
  }
  return 'en';
}

const fill = (text: string, values?: Values) =>
  values ? text.replace(/\{(\w+)\}/g, (all, key: string) => (key in values ? String(values[key]) : all)) : text;

export function createI18n<T extends Record<string, string>>(en: T, loaders: Loaders<T>) {
  let texts: Texts<T> = en;
  let language: Language = 'en';
  const listeners = new Set<() => void>();
  const tell = () => listeners.forEach((f) => f());

  const t = (key: keyof T & string, values?: Values): string => fill(texts[key] ?? en[key] ?? key, values);

  return {
    t,
    // The plural of a key: n('size', 3) reads size_one, size_other, …
    n(key: string, count: number, values?: Values): string {
      const form = new Intl.PluralRules(language).select(count);
      const exact = `${key}_${form}`;
      return t((exact in en ? exact : `${key}_other`) as keyof T & string, { count: number(count), ...values });
    },
    number: (value: number, digits = 0) => number(value, digits),
    percent: (value: number) => new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 }).format(value),
    date: (value: string | number | Date) => new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(value)),
    money: (value: number, currency: string) => new Intl.NumberFormat(language, { style: 'currency', currency }).format(value),
    language: () => language,
    async use(next: Language): Promise<void> {
      // English is at hand, and stays when a translation does not arrive.
      const loaded = next === 'en' ? en : await loaders[next]().then((m) => m.default, () => undefined);
      if (!loaded) return;
      texts = loaded;
      language = next;
      document.documentElement.lang = next;
      document.documentElement.dir = RTL.test(next) ? 'rtl' : 'ltr';
      tell();
    },
    // In a component: draws it again when the language changes.
    useLanguage: (): Language => useSyncExternalStore((f) => (listeners.add(f), () => listeners.delete(f)), () => language),
  };

  function number(value: number, digits = 0): string {
    return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  }
}
