// A mannequin's suit lies smoothly over the breast, as cloth does: what the body model knows of it in detail is smoothed
// away, by a few millimetres and inwards, so that no garment is touched. Its shape stays.
import { MathUtils } from 'three';
import { findTwins, makeNormals } from './clothes';

const ROUNDS = 14;

const smooth = (x: number) => MathUtils.smoothstep(x, 0, 1);

// Changes positions and normals of the suit. height: of the person, metres.
export function calmChest(positions: Float32Array, normals: Float32Array, index: ArrayLike<number>, height: number): void {
  const count = positions.length / 3;
  const twins = findTwins(positions);
  // How much a vertex takes part: all of it at the front of the breast, none towards arms, neck and waist.
  const weight = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const x = Math.abs(positions[3 * i]!) / height, y = positions[3 * i + 1]! / height;
    if (normals[3 * i + 2]! < 0) continue;
    weight[i] = smooth((y - 0.66) / 0.03) * smooth((0.8 - y) / 0.03) * smooth((0.11 - x) / 0.02) * smooth(normals[3 * i + 2]! / 0.25);
  }
  const near = new Map<number, Set<number>>();
  const meet = (a: number, b: number) => {
    if (!weight[a]) return;
    if (!near.has(a)) near.set(a, new Set());
    near.get(a)!.add(b);
  };
  for (let t = 0; t < index.length; t += 3)
    for (let k = 0; k < 3; k++) {
      const a = twins[index[t + k]!]!, b = twins[index[t + ((k + 1) % 3)]!]!;
      meet(a, b);
      meet(b, a);
    }
  for (let round = 0; round < ROUNDS; round++) {
    const moved = [...near].map(([i, all]) => {
      const to = [0, 1, 2].map((k) => {
        let sum = 0;
        for (const j of all) sum += positions[3 * j + k]!;
        return positions[3 * i + k]! + 0.5 * weight[i]! * (sum / all.size - positions[3 * i + k]!);
      });
      return [i, to] as const;
    });
    for (const [i, to] of moved) positions.set(to, 3 * i);
  }
  for (let i = 0; i < count; i++) if (twins[i] !== i) positions.copyWithin(3 * i, 3 * twins[i]!, 3 * twins[i]! + 3);
  const fresh = makeNormals(positions, index, twins);
  for (let i = 0; i < count; i++) {
    if (!weight[twins[i]!]) continue;
    for (let k = 0; k < 3; k++) normals[3 * i + k] = fresh[3 * i + k]!;
  }
}
