import { createI18n } from '../i18n';
import en from './texts/en';

export const i18n = createI18n(en as Record<keyof typeof en, string>, {
  de: () => import('./texts/de'),
  es: () => import('./texts/es'),
  fr: () => import('./texts/fr'),
  ja: () => import('./texts/ja'),
});
export type Key = keyof typeof en;
export const { t } = i18n;
