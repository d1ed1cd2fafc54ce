import { createI18n } from '../i18n';
import en from './texts/en';

export const i18n = createI18n(en, {
  de: () => import('./texts/de'),
  es: () => import('./texts/es'),
  fr: () => import('./texts/fr'),
  ja: () => import('./texts/ja'),
});
export const { t, n } = i18n;
export type Key = keyof typeof en;
// The person's own flavour of the language: English for a Briton writes the day before the month.
export const locale = (): string => navigator.languages.find((l) => l.startsWith(i18n.language())) ?? i18n.language();
