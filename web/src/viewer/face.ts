// A mannequin's face: no eyes, nose or lips. The figure is for seeing clothes on; a face that is nobody's should not look
// back. The skin is drawn onto the head's own outline around its axis, blurred, and towards the rim it is itself again.
import { BufferAttribute, BufferGeometry, MathUtils } from 'three';

const ROWS = 44;
const COLUMNS = 56;
const WIDE = (82 * Math.PI) / 180; // to either side of straight ahead

const smooth = (x: number) => MathUtils.smoothstep(x, 0, 1);

function blur(map: Float32Array, radius: number): Float32Array {
  let from = map;
  for (const across of [true, false]) {
    const out = new Float32Array(map.length);
    for (let r = 0; r < ROWS; r++)
      for (let c = 0; c < COLUMNS; c++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) {
          const rr = across ? r : Math.min(ROWS - 1, Math.max(0, r + k));
          const cc = across ? Math.min(COLUMNS - 1, Math.max(0, c + k)) : c;
          sum += from[rr * COLUMNS + cc]!;
        }
        out[r * COLUMNS + c] = sum / (2 * radius + 1);
      }
    from = out;
  }
  return from;
}

// Changes positions and normals of the head, if there is one to speak of.
export function calmFace(positions: Float32Array, normals: Float32Array): void {
  let top = 0;
  for (let i = 1; i < positions.length; i += 3) top = Math.max(top, positions[i]!);
  const head = top * 0.135; // crown to chin, with a little less than anyone has
  const low = top - head * 0.95;
  const high = top - head * 0.16;
  let z0 = 0;
  let count = 0;
  for (let i = 0; i < positions.length; i += 3)
    if (positions[i + 1]! > low) {
      z0 += positions[i + 2]!;
      count++;
    }
  if (count < 200) return;
  z0 /= count;
  const at = (i: number) => {
    const x = positions[i]!;
    const z = positions[i + 2]! - z0;
    const column = ((Math.atan2(x, z) + WIDE) / (2 * WIDE)) * (COLUMNS - 1);
    const row = ((positions[i + 1]! - low) / (high - low)) * (ROWS - 1);
    return { row, column, radius: Math.hypot(x, z), inside: row >= 0 && row <= ROWS - 1 && column >= 0 && column <= COLUMNS - 1 };
  };
  const outline = new Float32Array(ROWS * COLUMNS);
  for (let i = 0; i < positions.length; i += 3) {
    if (positions[i + 1]! < low) continue;
    const p = at(i);
    if (!p.inside || p.radius > 0.16) continue;
    // A vertex speaks for the cells around it: the mesh is coarser than the map.
    for (let r = Math.max(0, Math.round(p.row) - 2); r <= Math.min(ROWS - 1, Math.round(p.row) + 2); r++)
      for (let c = Math.max(0, Math.round(p.column) - 2); c <= Math.min(COLUMNS - 1, Math.round(p.column) + 2); c++)
        outline[r * COLUMNS + c] = Math.max(outline[r * COLUMNS + c]!, p.radius);
  }
  if (outline.some((r) => r === 0)) {
    const mean = outline.reduce((a, b) => a + b, 0) / outline.filter((r) => r > 0).length;
    for (let i = 0; i < outline.length; i++) outline[i] ||= mean;
  }
  const mask = blur(blur(blur(outline, 4), 4), 3);
  const smoothed = directions(mask, low, high, z0);
  for (let i = 0; i < positions.length; i += 3) {
    if (positions[i + 1]! < low) continue;
    const p = at(i);
    if (!p.inside || p.radius === 0) continue;
    const weight = Math.min(smooth(p.row / 6), smooth((ROWS - 1 - p.row) / 12), smooth(Math.min(p.column, COLUMNS - 1 - p.column) / 9));
    const r = Math.floor(Math.min(p.row, ROWS - 1.01));
    const c = Math.floor(Math.min(p.column, COLUMNS - 1.01));
    const fr = p.row - r;
    const fc = p.column - c;
    // Of a map with so many numbers a cell, between its four neighbours.
    const between = (map: ArrayLike<number>, width: number, k: number) => {
      const m = (dr: number, dc: number) => map[((r + dr) * COLUMNS + c + dc) * width + k]!;
      return (m(0, 0) * (1 - fc) + m(0, 1) * fc) * (1 - fr) + (m(1, 0) * (1 - fc) + m(1, 1) * fc) * fr;
    };
    const scale = 1 + weight * (between(mask, 1, 0) / p.radius - 1);
    positions[i] = positions[i]! * scale;
    positions[i + 2] = z0 + (positions[i + 2]! - z0) * scale;
    const n = [0, 1, 2].map((k) => normals[i + k]! + weight * (between(smoothed, 3, k) - normals[i + k]!));
    const length = Math.hypot(n[0]!, n[1]!, n[2]!) || 1;
    for (let k = 0; k < 3; k++) normals[i + k] = n[k]! / length;
  }
}

// Normals of the outline's surface, [3] a cell.
function directions(mask: Float32Array, low: number, high: number, z0: number): ArrayLike<number> {
  const points = new Float32Array(3 * ROWS * COLUMNS);
  const index: number[] = [];
  for (let r = 0; r < ROWS; r++)
    for (let c = 0; c < COLUMNS; c++) {
      const angle = (c / (COLUMNS - 1)) * 2 * WIDE - WIDE;
      const i = r * COLUMNS + c;
      points[3 * i] = Math.sin(angle) * mask[i]!;
      points[3 * i + 1] = low + (r / (ROWS - 1)) * (high - low);
      points[3 * i + 2] = z0 + Math.cos(angle) * mask[i]!;
      if (r < ROWS - 1 && c < COLUMNS - 1) index.push(i, i + 1, i + COLUMNS, i + 1, i + COLUMNS + 1, i + COLUMNS);
    }
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(points, 3));
  geometry.setIndex(index);
  geometry.computeVertexNormals();
  return geometry.getAttribute('normal').array;
}
