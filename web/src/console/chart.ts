// Size charts as people have them in spreadsheets: pasted text in, a table out, and what is odd about it. Pure.
import type { Basis, Cell, SizeChart } from './session';

export const COLUMNS = ['neck', 'chest', 'underbust', 'waist', 'hip', 'hem', 'thigh', 'knee', 'leg_hem', 'biceps', 'wrist', 'shoulder', 'sleeve', 'length', 'inseam', 'height'] as const;
export type Column = (typeof COLUMNS)[number];
const GIRTHS: readonly string[] = ['neck', 'chest', 'underbust', 'waist', 'hip', 'hem', 'thigh', 'knee', 'leg_hem', 'biceps', 'wrist'];

// What the columns are called in the shops of the languages we speak. Compared without case, accents and brackets.
const WORDS: Record<Column, string> = {
  neck: 'neck|collar|neck girth|kragen|kragenweite|hals|halsweite|halsumfang|cuello|col|encolure|cou|首回り|首囲',
  chest: 'chest|bust|chest girth|breast|brust|brustumfang|brustweite|oberweite|pecho|busto|contorno de pecho|poitrine|tour de poitrine|バスト|胸囲|身幅',
  underbust: 'underbust|under bust|unterbrust|unterbrustumfang|bajo pecho|sous poitrine|アンダーバスト',
  waist: 'waist|waist girth|natural waist|taille|taillenumfang|taillenweite|bund|bundweite|cintura|contorno de cintura|tour de taille|ウエスト',
  hip: 'hip|hips|seat|low hip|hip girth|hufte|huftumfang|gesass|gesassumfang|cadera|caderas|contorno de cadera|hanches|tour de hanches|bassin|ヒップ',
  hem: 'hem|bottom|saum|saumweite|bajo|bas|ourlet|裾|裾幅',
  thigh: 'thigh|thighs|oberschenkel|oberschenkelweite|muslo|cuisse|わたり|太もも',
  knee: 'knee|knie|knieweite|rodilla|genou|膝|膝幅',
  leg_hem: 'leg hem|leg opening|fussweite|beinabschluss|bajo de pierna|bas de jambe|裾口',
  biceps: 'biceps|bicep|upper arm|oberarm|oberarmweite|brazo|biceps|bras|袖幅|腕回り',
  wrist: 'wrist|cuff|armelbund|manschette|puno|poignet|袖口',
  shoulder: 'shoulder|shoulders|shoulder width|schulter|schulterbreite|hombro|hombros|epaule|epaules|肩幅',
  sleeve: 'sleeve|sleeve length|arm|arm length|armel|armellange|manga|largo de manga|manche|longueur de manche|袖丈|裄丈',
  length: 'length|body length|back length|total length|outseam|lange|gesamtlange|ruckenlange|largo|largo total|longueur|longueur totale|着丈|総丈|スカート丈',
  inseam: 'inseam|inside leg|inleg|schrittlange|innenbeinlange|innenbein|entrepierna|tiro|entrejambe|股下',
  height: 'height|body height|korpergrosse|grosse person|estatura|altura|stature|身長',
};
const SIZE_WORDS = 'size|sizes|grosse|grossen|konfektionsgrosse|talla|tallas|taille us|taille fr|us|eu|uk|サイズ|code';
const fold = (s: string) =>
  s.toLowerCase().replace(/ß/g, 'ss').normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/\([^)]*\)|\[[^\]]*\]|[:*"”]/g, ' ').replace(/\b(cm|in|inch|inches|zoll|flat|body)\b/g, ' ').replace(/[_\-/.\s]+/g, ' ').trim();
const LOOKUP = new Map<string, Column>();
for (const c of COLUMNS) {
  LOOKUP.set(fold(c), c);
  for (const w of WORDS[c].split('|')) LOOKUP.set(fold(w), c);
}
const SIZES = new Set(SIZE_WORDS.split('|'));

export interface Sheet {
  columns: { name: string; key: Column | '' }[]; // key '': not understood yet
  rows: { size: string; cells: string[] }[]; // cells as typed
}
export interface Draft extends Sheet {
  unit: 'cm' | 'in';
  basis: Basis;
}
export const emptyDraft = (): Draft => ({ unit: 'cm', basis: 'body', columns: [], rows: [] });

export const columnOf = (heading: string): Column | '' => LOOKUP.get(fold(heading)) ?? '';

// Cells of pasted text: tabs as spreadsheets copy them, else semicolons or commas, with "quoted" cells.
export function cellsOf(text: string): string[][] {
  const clean = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const head = clean.split('\n', 1)[0] ?? '';
  const separator = head.includes('\t') ? '\t' : head.includes(';') ? ';' : head.includes('|') ? '|' : ',';
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    row.push(cell.trim());
    cell = '';
  };
  const endRow = () => {
    endCell();
    if (separator === '|') row = row.slice(row[0] === '' ? 1 : 0, row[row.length - 1] === '' ? -1 : undefined);
    if (row.some((c) => c && !/^:?-+:?$/.test(c))) rows.push(row);
    row = [];
  };
  for (let i = 0; i < clean.length; i++) {
    const c = clean[i]!;
    if (quoted) {
      if (c === '"' && clean[i + 1] === '"') cell += clean[++i];
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"' && !cell.trim()) quoted = true;
    else if (c === separator) endCell();
    else if (c === '\n') endRow();
    else cell += c;
  }
  endRow();
  return rows.slice(0, 100).map((r) => r.slice(0, 60));
}

// The unit that cells name. "in" is a word as well ("Brust in cm"): it is one in brackets or at a cell's end only.
const INCHES = /[([]\s*in\.?\s*[)\]]|\bin\.?$|\b(inch|inches|zoll)\b|["″]/i;
const unitIn = (cells: string[]): Draft['unit'] | null => (cells.some((c) => /\bcm\b/i.test(c)) ? 'cm' : cells.some((c) => INCHES.test(c)) ? 'in' : null);

// A sheet whose first row are sizes and whose first column are measurements is turned over. unit null: it names none.
export function sheetOf(text: string): Sheet & { unit: Draft['unit'] | null } {
  let rows = cellsOf(text);
  const width = Math.max(0, ...rows.map((r) => r.length));
  rows = rows.map((r) => [...r, ...Array<string>(width - r.length).fill('')]);
  const known = (cells: string[]) => cells.filter((c) => columnOf(c)).length;
  const across = known((rows[0] ?? []).slice(1)), down = known(rows.slice(1).map((r) => r[0] ?? ''));
  if (down > across) rows = Array.from({ length: width }, (_, k) => rows.map((r) => r[k] ?? ''));
  const [head = [], ...body] = rows;
  const unit = unitIn(head) ?? unitIn(body.flatMap((r) => r.slice(1)));
  // Without a heading row every cell of the first row holds a number, and the row is a size like the others.
  const bare = head.length > 1 && head.slice(1).every((c) => !c || readCell(c) !== null);
  const names = bare ? head.map((_, k) => (k ? `${k}` : '')) : head;
  return {
    columns: names.slice(1).map((name) => ({ name, key: columnOf(name) })),
    rows: (bare ? rows : body).map((r) => ({ size: (r[0] ?? '').replace(/^size\s+/i, ''), cells: r.slice(1) })).filter((r) => r.size || r.cells.some(Boolean)),
    unit,
  };
}
export const looksLikeSizeHeading = (s: string) => SIZES.has(fold(s));

// A number or a range; NaN inside what cannot be read. Empty: undefined; not a number: null.
export function readCell(text: string): Cell | null | undefined {
  const s = text.replace(/cm|inch(es)?|["″]|\bin\b/gi, '').trim();
  if (!s || /^[-–—/]$/.test(s)) return undefined;
  const parts = s.split(/\s*(?:-|–|—|~|〜|\bto\b|\bbis\b|\/)\s*/i).map((p) => {
    const half = /^(\d+)?\s*(½|¼|¾|1\/2)$/.exec(p);
    if (half) return Number(half[1] ?? 0) + ({ '½': 0.5, '1/2': 0.5, '¼': 0.25, '¾': 0.75 }[half[2]!] ?? 0);
    return /^\d+([.,]\d+)?$/.test(p) ? Number(p.replace(',', '.')) : NaN;
  });
  if (parts.some(Number.isNaN) || parts.length > 2) return null;
  return parts.length === 2 ? [parts[0]!, parts[1]!] : parts[0]!;
}

export interface Finding {
  kind: 'unknown' | 'not_number' | 'range' | 'upside' | 'twice' | 'empty_size' | 'no_name' | 'none' | 'shrinks' | 'inches' | 'flat';
  blocks: boolean; // cannot be saved like this
  row?: number;
  column?: number;
  values: Record<string, string>; // column holds a Column's name, to be translated
}

const middle = (c: Cell) => (typeof c === 'number' ? c : (c[0] + c[1]) / 2);
const LETTERS = ['5xs', '4xs', '3xs', 'xxs', '2xs', 'xs', 's', 'm', 'l', 'xl', 'xxl', '2xl', 'xxxl', '3xl', '4xl', '5xl', '6xl'];
const PLACE: Record<string, number> = Object.fromEntries(LETTERS.map((l, i) => [l, i]));
Object.assign(PLACE, { xxs: 3, '2xs': 3, xxl: 10, '2xl': 10, xxxl: 12, '3xl': 12 });
// XS before S, 36 before 38: how sizes are listed wherever their order was lost on the way.
export function bySize(a: string, b: string): number {
  const place = (s: string) => PLACE[s.toLowerCase()] ?? (/^\d+/.test(s) ? 100 + parseFloat(s) : 1000);
  return place(a) - place(b) || a.localeCompare(b, undefined, { numeric: true });
}

export function findings(d: Draft): Finding[] {
  const found: Finding[] = [];
  const add = (kind: Finding['kind'], blocks: boolean, values: Record<string, string> = {}, row?: number, column?: number) => found.push({ kind, blocks, values, ...(row !== undefined && { row }), ...(column !== undefined && { column }) });
  if (!d.rows.length || !d.columns.length) add('none', true);
  d.columns.forEach((c, k) => {
    if (!c.key && d.rows.some((r) => r.cells[k]?.trim())) add('unknown', true, { column: c.name || `${k + 1}` }, undefined, k);
  });
  const seen = new Set<string>();
  d.rows.forEach((r, i) => {
    if (!r.size.trim()) add('no_name', true, {}, i);
    else if (seen.has(r.size.trim().toLowerCase())) add('twice', true, { size: r.size }, i);
    seen.add(r.size.trim().toLowerCase());
    let some = false;
    d.columns.forEach((c, k) => {
      if (!c.key) return;
      const text = r.cells[k] ?? '', v = readCell(text);
      if (v === null) add('not_number', true, { column: c.key, size: r.size, value: text }, i, k);
      if (v === null || v === undefined) return;
      some = true;
      const [lo, hi] = typeof v === 'number' ? [v, v] : v;
      if (!(lo > 0 && hi < 400)) add('range', true, { column: c.key, size: r.size, value: text }, i, k);
      else if (lo > hi) add('upside', true, { column: c.key, size: r.size }, i, k);
    });
    if (!some && d.columns.some((c) => c.key)) add('empty_size', true, { size: r.size }, i);
  });
  if (found.some((f) => f.blocks)) return found;
  const girths: number[] = [];
  d.columns.forEach((c, k) => {
    if (!c.key) return;
    let last: { v: number; size: string } | undefined;
    for (const r of d.rows) {
      const v = readCell(r.cells[k] ?? '');
      if (v === null || v === undefined) continue;
      const m = middle(v);
      if (['chest', 'waist', 'hip'].includes(c.key)) girths.push(m);
      if (last && m < last.v - 0.01) add('shrinks', false, { column: c.key, a: last.size, b: r.size }, undefined, k);
      last = { v: m, size: r.size };
    }
  });
  const mean = girths.reduce((a, b) => a + b, 0) / (girths.length || 1);
  if (girths.length && d.unit === 'cm' && mean < 34) add('inches', false);
  else if (girths.length && d.basis !== 'garment_flat' && mean * (d.unit === 'in' ? 2.54 : 1) < 60) add('flat', false);
  return found;
}

export function chartOf(d: Draft): SizeChart {
  const sizes: SizeChart['sizes'] = {};
  for (const r of d.rows) {
    const row: Record<string, Cell> = {};
    d.columns.forEach((c, k) => {
      const v = c.key ? readCell(r.cells[k] ?? '') : undefined;
      if (c.key && v !== null && v !== undefined) row[c.key] = v;
    });
    sizes[r.size.trim()] = row;
  }
  // Even in a chart of bodies the length is the garment's: nobody's body is a dress long.
  const lengths = d.basis === 'body' && d.columns.some((c) => c.key === 'length') ? { columns: { length: { basis: 'garment_flat' as const } } } : {};
  return { unit: d.unit, basis: d.basis, ...lengths, sizes };
}

export function draftOf(chart: SizeChart | null): Draft {
  if (!chart) return emptyDraft();
  const keys: string[] = [];
  for (const row of Object.values(chart.sizes)) for (const k of Object.keys(row)) if (!keys.includes(k)) keys.push(k);
  keys.sort((a, b) => COLUMNS.indexOf(columnOf(a) as Column) - COLUMNS.indexOf(columnOf(b) as Column));
  const show = (v: Cell | { value: Cell } | undefined): string => {
    const c = v !== null && typeof v === 'object' && 'value' in v ? v.value : v;
    return c === undefined || c === null ? '' : typeof c === 'number' ? String(c) : c.join('-');
  };
  return {
    unit: chart.unit,
    basis: typeof chart.basis === 'string' ? chart.basis : 'body',
    columns: keys.map((k) => ({ name: k, key: columnOf(k) })),
    rows: Object.entries(chart.sizes).sort((a, b) => bySize(a[0], b[0])).map(([size, row]) => ({ size, cells: keys.map((k) => show(row[k])) })),
  };
}

// Body charts in letters in the manner of EN 13402-3: the same as the program's own (lib/garment/chart_standard.c).
export function usual(men: boolean): Draft {
  const rows: [string, string, string, string][] = men
    ? [['XS', '78-86', '66-74', '82-89'], ['S', '86-94', '74-82', '89-95.5'], ['M', '94-102', '82-90', '95.5-102'], ['L', '102-110', '90-98.5', '102-108.5'], ['XL', '110-118', '98.5-107.5', '108.5-115'], ['XXL', '118-126', '107.5-116.5', '115-122']]
    : [['XXS', '74-78', '62-64', '79-83'], ['XS', '78-82', '64-66', '83-87'], ['S', '82-90', '66-74', '87-94.5'], ['M', '90-98', '74-82.5', '94.5-100.5'], ['L', '98-107', '82.5-93', '100.5-107.5'], ['XL', '107-119', '93-105', '107.5-117.5'], ['XXL', '119-131', '105-117.5', '117.5-128']];
  return {
    unit: 'cm',
    basis: 'body',
    columns: [{ name: 'chest', key: 'chest' }, { name: 'waist', key: 'waist' }, { name: 'hip', key: 'hip' }],
    rows: rows.map(([size, ...cells]) => ({ size, cells })),
  };
}
export const isGirth = (c: string) => GIRTHS.includes(c);
