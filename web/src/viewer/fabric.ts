// What cloth looks like from near: its weave, a small picture laid over the pattern, whose texture coordinates are metres;
// and its seams and hems, which are where the pattern's pieces end.
import { BufferGeometry, Color, DataTexture, LinearFilter, LinearMipmapLinearFilter, LineBasicMaterial, LineSegments, MeshStandardMaterial, RepeatWrapping } from 'three';

const SIDE = 64;

interface Cloth {
  metres: number; // of the picture's side. Coarser than life, as a drawing is: real threads would be lost between pixels
  height: (u: number, v: number) => number; // 0 … 1, u and v from 0 to 1, the same at both ends
  relief: number;
  shade: number; // how much darker the deep places are
  roughness: number;
}

const wave = (x: number) => 0.5 - 0.5 * Math.cos(2 * Math.PI * x);
const knit = (columns: number, rows: number) => (u: number, v: number) => {
  const across = Math.abs(((u * columns) % 1) - 0.5) * 2; // 0 in a column's middle
  return (1 - across * across) * (0.45 + 0.55 * wave(v * rows + across * 0.35));
};
const plain = (threads: number) => (u: number, v: number) => {
  const over = (Math.floor(u * threads) + Math.floor(v * threads)) % 2 === 0;
  return over ? wave(u * threads) : 0.85 * wave(v * threads);
};
const diagonal = (ridges: number) => (u: number, v: number) => wave((u + v) * ridges) * (0.75 + 0.25 * wave(v * ridges * 4));
// The same hash at both ends of the picture, smoothed.
const pile = (u: number, v: number) => {
  const at = (x: number, y: number) => {
    const h = Math.sin((x % 16) * 127.1 + (y % 16) * 311.7) * 43758.5453;
    return h - Math.floor(h);
  };
  const x = u * 16, y = v * 16, i = Math.floor(x), k = Math.floor(y), a = wave((x - i) / 2), b = wave((y - k) / 2);
  return (at(i, k) * (1 - a) + at(i + 1, k) * a) * (1 - b) + (at(i, k + 1) * (1 - a) + at(i + 1, k + 1) * a) * b;
};

// By the names of lib/garment/fabric.c.
const CLOTHS: Record<string, Cloth> = {
  jersey: { metres: 0.018, height: knit(8, 12), relief: 0.4, shade: 0.07, roughness: 0.9 },
  rib: { metres: 0.03, height: (u) => wave(u * 6), relief: 1.6, shade: 0.22, roughness: 0.92 },
  fleece: { metres: 0.05, height: pile, relief: 2.2, shade: 0.16, roughness: 1 },
  shirting: { metres: 0.016, height: plain(10), relief: 0.5, shade: 0.08, roughness: 0.78 },
  twill: { metres: 0.022, height: diagonal(7), relief: 1, shade: 0.16, roughness: 0.85 },
  denim: { metres: 0.028, height: diagonal(7), relief: 1.5, shade: 0.34, roughness: 0.92 },
  denim_elastane: { metres: 0.028, height: diagonal(7), relief: 1.3, shade: 0.3, roughness: 0.9 },
  wool: { metres: 0.03, height: (u, v) => 0.6 * diagonal(6)(u, v) + 0.4 * pile(u, v), relief: 1.4, shade: 0.2, roughness: 0.98 },
  satin: { metres: 0.03, height: (u, v) => wave(v * 12 + 0.15 * wave(u * 2)), relief: 0.03, shade: 0.01, roughness: 0.52 },
};

function picture(value: (u: number, v: number) => number): DataTexture {
  const pixels = new Uint8Array(4 * SIDE * SIDE);
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++) {
      const grey = Math.round(255 * value((x + 0.5) / SIDE, (y + 0.5) / SIDE));
      pixels.set([grey, grey, grey, 255], 4 * (y * SIDE + x));
    }
  const t = new DataTexture(pixels, SIDE, SIDE);
  t.wrapS = t.wrapT = RepeatWrapping;
  t.magFilter = LinearFilter;
  t.minFilter = LinearMipmapLinearFilter; // from afar the weave is one colour and does not flicker
  t.generateMipmaps = true;
  t.anisotropy = 4;
  t.needsUpdate = true;
  return t;
}

// Gives a drafted garment's material the weave of its cloth, which its name says. Others stay as their makers meant them.
export function weave(material: MeshStandardMaterial): boolean {
  const cloth = CLOTHS[material.name];
  if (!cloth || material.map) return false;
  const bump = picture(cloth.height), shade = picture((u, v) => 1 - cloth.shade * (1 - cloth.height(u, v)));
  for (const t of [bump, shade]) t.repeat.set(1 / cloth.metres, 1 / cloth.metres);
  material.bumpMap = bump;
  material.bumpScale = cloth.relief;
  material.map = shade;
  material.roughness = cloth.roughness;
  return true;
}

// The edges that belong to one triangle alone: pieces end there, at seams and hems.
export function borders(index: ArrayLike<number>, vertices: number): Uint32Array {
  const met = new Map<number, [number, number] | null>();
  for (let t = 0; t < index.length; t += 3)
    for (let k = 0; k < 3; k++) {
      const a = index[t + k]!, b = index[t + ((k + 1) % 3)]!, key = Math.min(a, b) * vertices + Math.max(a, b);
      met.set(key, met.has(key) ? null : [a, b]);
    }
  return Uint32Array.from([...met.values()].flatMap((e) => e ?? []));
}

// Drawn along the cloth's own vertices, so that seams go with every size and every step between two.
export function seams(worn: BufferGeometry, edges: Uint32Array, cloth: Color): LineSegments {
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', worn.getAttribute('position'));
  geometry.setIndex(Array.from(edges));
  const material = new LineBasicMaterial({ color: cloth.clone().multiplyScalar(0.42), transparent: true, opacity: 0.7, depthWrite: false });
  const lines = new LineSegments(geometry, material);
  lines.frustumCulled = false;
  return lines;
}
