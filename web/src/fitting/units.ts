// Lengths and weights as the shopper reads them. Kept in centimetres and kilograms everywhere else.
import { i18n } from './i18n';

export type Units = 'metric' | 'imperial';
const CM = 2.54;
const KG = 0.45359237;

export function usualUnits(languages: readonly string[]): Units {
  return /^en-(US|LR)$|^my\b/i.test(languages[0] ?? '') ? 'imperial' : 'metric';
}

// "94 cm", "37.0 in"
export function length(cm: number, units: Units, digits = units === 'metric' ? 0 : 1): string {
  return units === 'metric' ? `${i18n.number(cm, digits)} cm` : `${i18n.number(cm / CM, digits)} in`;
}
export const lengthNumber = (cm: number, units: Units, digits = units === 'metric' ? 0 : 1): string => i18n.number(units === 'metric' ? cm : cm / CM, digits);
export const lengthUnit = (units: Units): string => (units === 'metric' ? 'cm' : 'in');
export const weight = (kg: number, units: Units): string => (units === 'metric' ? `${i18n.number(kg)} kg` : `${i18n.number(kg / KG)} lb`);

// A number as people type it: with a comma or a point, with blanks. NaN when it is none.
export function parse(text: string): number {
  const clean = text.trim().replace(/\s/g, '').replace(',', '.').replace(/[０-９]/g, (d) => String.fromCharCode(d.charCodeAt(0) - 0xfee0));
  return /^\d*\.?\d+$|^\d+\.$/.test(clean) ? Number(clean) : NaN;
}
export const toCm = (value: number, units: Units): number => (units === 'metric' ? value : value * CM);
export const fromCm = (cm: number, units: Units): number => (units === 'metric' ? cm : cm / CM);
export const toKg = (value: number, units: Units): number => (units === 'metric' ? value : value * KG);
export const fromKg = (kg: number, units: Units): number => (units === 'metric' ? kg : kg / KG);
export const feet = (cm: number): { feet: number; inches: number } => {
  const all = Math.round(cm / CM);
  return { feet: Math.floor(all / 12), inches: all % 12 };
};
