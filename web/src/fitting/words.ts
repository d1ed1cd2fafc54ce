// From what the server says to what the shopper reads.
import type { FitRegion } from '../api/types';
import { i18n, t, type Key } from './i18n';
import { lengthNumber, lengthUnit, type Units } from './units';
import en from './texts/en';

// The pipeline's sentences are English; those we know are said in the shopper's language, others as they are.
const REFUSALS: readonly [RegExp, Key][] = [
  [/too dark to measure/, 'v_too_dark'],
  [/cannot find a person/, 'v_no_person'],
  [/feet are cut off/, 'v_feet_cut'],
  [/head is cut off/, 'v_head_cut'],
  [/not standing upright/, 'v_not_standing'],
  [/too small in this photo/, 'v_too_small'],
  [/can't both be right/, 'v_mismatch'],
  [/contradict each other/, 'v_contradict'],
  [/does not go with the other answers/, 'v_unlikely'],
];

export function refusal(sentence: string): string {
  const known = REFUSALS.find(([pattern]) => pattern.test(sentence));
  return known ? t(known[1]) : sentence || t('failed_general');
}
export const aboutPhoto = (sentence: string): boolean => REFUSALS.slice(0, 6).some(([pattern]) => pattern.test(sentence));

const has = (key: string): key is Key => key in en;
export const measureName = (key: string): string => (has(`m_${key}`) ? t(`m_${key}` as Key) : key.replace(/_/g, ' '));
export const regionName = (key: string): string => (has(`region_${key}`) ? t(`region_${key}` as Key) : key.replace(/_/g, ' '));
export const fitWord = (word: string): string => (has(`fit_${word}`) ? t(`fit_${word}` as Key) : word);
export const hint = (word: string): string | null => (has(`v_${word}`) ? t(`v_${word}` as Key) : null);

export function easeText(r: FitRegion, units: Units): string {
  const digits = units === 'metric' ? 0 : 1;
  const shown = (cm: number) => `${lengthNumber(Math.abs(cm), units, digits)} ${lengthUnit(units)}`;
  if (Math.abs(r.ease_cm) < 0.5) return t('ease_exact');
  if (r.ease_cm > 0) return t('ease_room', { value: shown(r.ease_cm) });
  // Below the body's own measure cloth that gives is meant to stretch; beyond that it is too small.
  return r.ease_cm >= r.least_cm ? t('ease_stretch', { value: shown(r.ease_cm) }) : t('ease_short', { value: shown(r.ease_cm) });
}

export const list = (parts: string[]): string => new Intl.ListFormat(i18n.language(), { type: 'conjunction' }).format(parts);
