// A contact shadow: what of the body and its clothes is near the ground darkens it. Computed once, without a light.
import { DataTexture, LinearFilter, Mesh, MeshBasicMaterial, PlaneGeometry } from 'three';

const SIDE = 96;
const METRES = 1.5;

function blur(from: Float32Array, radius: number): Float32Array {
  let source = from;
  for (const step of [1, SIDE]) {
    const out = new Float32Array(SIDE * SIDE);
    for (let i = 0; i < out.length; i++) {
      let sum = 0;
      for (let k = -radius; k <= radius; k++) {
        const along = (step === 1 ? i % SIDE : Math.floor(i / SIDE)) + k;
        if (along >= 0 && along < SIDE) sum += source[i + k * step]!;
      }
      out[i] = sum / (2 * radius + 1);
    }
    source = out;
  }
  return source;
}

export function contactShadow(positions: Float32Array): Mesh {
  const dark = new Float32Array(SIDE * SIDE);
  for (let i = 0; i < positions.length; i += 3) {
    const height = positions[i + 1]!;
    if (height > 0.5) continue;
    const x = Math.floor((positions[i]! / METRES + 0.5) * SIDE);
    const z = Math.floor((positions[i + 2]! / METRES + 0.5) * SIDE);
    if (x < 0 || z < 0 || x >= SIDE || z >= SIDE) continue;
    const at = z * SIDE + x;
    dark[at] = Math.max(dark[at]!, (1 - height / 0.5) ** 3);
  }
  const near = blur(blur(dark, 2), 2);
  const far = blur(blur(dark, 7), 7);
  const pixels = new Uint8Array(4 * SIDE * SIDE);
  for (let i = 0; i < near.length; i++) pixels[4 * i + 3] = Math.round(255 * Math.min(0.75, near[i]! * 0.75 + far[i]! * 1.6));
  const texture = new DataTexture(pixels, SIDE, SIDE);
  texture.magFilter = texture.minFilter = LinearFilter;
  texture.needsUpdate = true;
  const mesh = new Mesh(new PlaneGeometry(METRES, METRES), new MeshBasicMaterial({ map: texture, transparent: true, depthWrite: false, color: 0x1a1613 }));
  mesh.rotation.x = -Math.PI / 2;
  mesh.scale.y = -1; // rows of the texture run along +z
  mesh.position.y = 0.001;
  (mesh.material as MeshBasicMaterial).side = 2;
  return mesh;
}
