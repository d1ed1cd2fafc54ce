// What a garment looks like in one size: positions and strain of every vertex, as drape.bin has them, and what the page
// makes of them: normals, and how close the cloth lies to the body.

export interface Drape {
  positions: Float32Array; // [3 * vertices] metres
  strain: Float32Array; // [vertices] the larger of both directions; 0.05 is five percent longer
  normals: Float32Array; // [3 * vertices]
  clearance: Float32Array; // [vertices] metres over the body
  colors: Float32Array; // [3 * vertices] the heat map, linear
}

// "TDRP", version 1, count, lo[3], size[3], unit of strain; then 3 u16 and 1 u8 a vertex (lib/garment/drape.h).
export function readDrape(data: ArrayBuffer): { positions: Float32Array; strain: Float32Array } {
  const v = new DataView(data);
  const HEAD = 40;
  if (data.byteLength < HEAD || v.getUint32(0, false) !== 0x54445250 || v.getUint32(4, true) !== 1) throw new Error('not a drape');
  const count = v.getUint32(8, true);
  if (data.byteLength !== HEAD + 7 * count) throw new Error('a drape that was cut off');
  const lo = [0, 1, 2].map((i) => v.getFloat32(12 + 4 * i, true));
  const size = [0, 1, 2].map((i) => v.getFloat32(24 + 4 * i, true) / 65535);
  const unit = v.getFloat32(36, true);
  const positions = new Float32Array(3 * count);
  const strain = new Float32Array(count);
  for (let i = 0, at = HEAD; i < count; i++, at += 7) {
    for (let k = 0; k < 3; k++) positions[3 * i + k] = lo[k]! + size[k]! * v.getUint16(at + 2 * k, true);
    strain[i] = v.getUint8(at + 6) * unit;
  }
  return { positions, strain };
}

// Area-weighted normals. Vertices that stand in the same place in the first size are one: a seam is sewn, not a crease.
export function makeNormals(positions: Float32Array, index: ArrayLike<number>, twins: Uint32Array): Float32Array {
  const n = new Float32Array(positions.length);
  for (let t = 0; t < index.length; t += 3) {
    const a = 3 * index[t]!;
    const b = 3 * index[t + 1]!;
    const c = 3 * index[t + 2]!;
    const ux = positions[b]! - positions[a]!;
    const uy = positions[b + 1]! - positions[a + 1]!;
    const uz = positions[b + 2]! - positions[a + 2]!;
    const vx = positions[c]! - positions[a]!;
    const vy = positions[c + 1]! - positions[a + 1]!;
    const vz = positions[c + 2]! - positions[a + 2]!;
    const x = uy * vz - uz * vy;
    const y = uz * vx - ux * vz;
    const z = ux * vy - uy * vx;
    for (const corner of [a, b, c]) {
      const at = 3 * twins[corner / 3]!;
      n[at] = n[at]! + x;
      n[at + 1] = n[at + 1]! + y;
      n[at + 2] = n[at + 2]! + z;
    }
  }
  for (let i = 0; i < twins.length; i++) {
    const from = 3 * twins[i]!;
    const length = Math.hypot(n[from]!, n[from + 1]!, n[from + 2]!) || 1;
    if (twins[i] === i) {
      n[from] = n[from]! / length;
      n[from + 1] = n[from + 1]! / length;
      n[from + 2] = n[from + 2]! / length;
    } else {
      // twins[i] < i: done already
      n[3 * i] = n[from]!;
      n[3 * i + 1] = n[from + 1]!;
      n[3 * i + 2] = n[from + 2]!;
    }
  }
  return n;
}

export function findTwins(positions: Float32Array): Uint32Array {
  const first = new Map<string, number>();
  const twins = new Uint32Array(positions.length / 3);
  for (let i = 0; i < twins.length; i++) {
    const key = `${Math.round(positions[3 * i]! * 1e4)},${Math.round(positions[3 * i + 1]! * 1e4)},${Math.round(positions[3 * i + 2]! * 1e4)}`;
    const seen = first.get(key);
    twins[i] = seen ?? i;
    if (seen === undefined) first.set(key, i);
  }
  return twins;
}

// The body's vertices in cells, for the height of cloth over skin.
export class BodyGrid {
  private readonly cells = new Map<number, number[]>();
  private readonly cell = 0.04;
  constructor(private readonly positions: Float32Array, private readonly normals: Float32Array) {
    for (let i = 0; i < positions.length / 3; i++) {
      const key = this.key(positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!);
      const list = this.cells.get(key);
      if (list) list.push(i);
      else this.cells.set(key, [i]);
    }
  }
  private key(x: number, y: number, z: number): number {
    const at = (v: number) => Math.floor(v / this.cell) + 512;
    return at(x) * 1048576 + at(y) * 1024 + at(z);
  }
  // Metres from p to the tangent plane of the nearest vertex; MOST when nothing is near.
  height(x: number, y: number, z: number): number {
    const MOST = 0.12;
    let best = MOST * MOST;
    let found = -1;
    for (let ring = 0; ring <= 3; ring++) {
      if (found >= 0 && best < ((ring - 1) * this.cell) ** 2) break;
      for (let dx = -ring; dx <= ring; dx++)
        for (let dy = -ring; dy <= ring; dy++)
          for (let dz = -ring; dz <= ring; dz++) {
            if (Math.max(Math.abs(dx), Math.abs(dy), Math.abs(dz)) !== ring) continue;
            const list = this.cells.get(this.key(x + dx * this.cell, y + dy * this.cell, z + dz * this.cell));
            if (!list) continue;
            for (const i of list) {
              const ex = x - this.positions[3 * i]!;
              const ey = y - this.positions[3 * i + 1]!;
              const ez = z - this.positions[3 * i + 2]!;
              const d = ex * ex + ey * ey + ez * ez;
              if (d < best) {
                best = d;
                found = i;
              }
            }
          }
    }
    if (found < 0) return MOST;
    const i = 3 * found;
    const plane = (x - this.positions[i]!) * this.normals[i]! + (y - this.positions[i + 1]!) * this.normals[i + 1]! + (z - this.positions[i + 2]!) * this.normals[i + 2]!;
    return Math.max(0, Math.min(Math.sqrt(best), plane));
  }
}

// From blue (stands off) over pale (lies easily) to red (stretched): told apart with every kind of colour vision.
export const HEAT = ['#2f6f9f', '#86b6cf', '#efe6d3', '#ee9a4d', '#b3261e'] as const;

const linear = (hex: string): [number, number, number] => {
  const part = (at: number) => {
    const v = parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return [part(1), part(3), part(5)];
};
const STOPS = HEAT.map(linear);
const smooth = (a: number, b: number, x: number) => {
  const t = Math.min(1, Math.max(0, (x - a) / (b - a)));
  return t * t * (3 - 2 * t);
};

export function heatColors(strain: Float32Array, clearance: Float32Array): Float32Array {
  const out = new Float32Array(3 * strain.length);
  for (let i = 0; i < strain.length; i++) {
    const tight = smooth(0.012, 0.09, strain[i]!);
    const loose = smooth(0.01, 0.06, clearance[i]!) * (1 - tight);
    const at = 2 + 2 * (tight - loose); // 0 … 4
    const k = Math.min(3, Math.floor(at));
    for (let c = 0; c < 3; c++) out[3 * i + c] = STOPS[k]![c]! + (STOPS[k + 1]![c]! - STOPS[k]![c]!) * (at - k);
  }
  return out;
}
