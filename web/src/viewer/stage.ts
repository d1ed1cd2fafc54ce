// The stage: body, garment, light and camera in one canvas. Draws only when something has changed; turns by drag, arrow
// keys and pinch; shows one size, or two side by side.
import {
  ACESFilmicToneMapping, AmbientLight, BufferAttribute, BufferGeometry, Color, DirectionalLight, DoubleSide, Group, HemisphereLight,
  LineSegments, Mesh, MeshStandardMaterial, PerspectiveCamera, Scene, SkinnedMesh, SRGBColorSpace, Texture, Vector3, WebGLRenderer, type Material, type Object3D,
} from 'three';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { MeshoptDecoder } from '../../node_modules/meshoptimizer/meshopt_decoder_reference.js';
import { calmChest } from './chest';
import { BodyGrid, findTwins, heatColors, makeNormals, readDrape, type Drape } from './clothes';
import { borders, seams, weave } from './fabric';
import { calmFace } from './face';
import { contactShadow } from './shadow';

export type View = 'front' | 'side' | 'back';
export type Closeup = 'whole' | 'top' | 'middle' | 'bottom';

const ANGLE: Record<View, number> = { front: 0, side: Math.PI / 2, back: Math.PI };
const STRIP = 66; // CSS pixels at the lower edge
const MOST_PIXELS = 2; // of the device for one of CSS: more is not seen and costs frames

interface Outfit {
  index: ArrayLike<number>;
  twins: Uint32Array;
  own: Float32Array; // positions in the file
  uv: Float32Array | null; // where the cloth has a weave
  edges: Uint32Array; // of the pieces it is sewn from; empty for a garment that is not of ours
  material: MeshStandardMaterial;
  sizes: Map<string, Drape>;
}

class Worn {
  readonly geometry = new BufferGeometry();
  readonly mesh: Mesh;
  private from: Float32Array | null = null;
  private to: Drape | null = null;
  private started = 0;
  constructor(private readonly outfit: Outfit, readonly heat: Material) {
    this.geometry.setIndex(Array.from(outfit.index));
    this.mesh = new Mesh(this.geometry, outfit.material);
    this.mesh.frustumCulled = false;
  }
  wear(drape: Drape, now: number, still: boolean): void {
    const at = this.geometry.getAttribute('position') as BufferAttribute | undefined;
    if (!at) {
      this.geometry.setAttribute('position', new BufferAttribute(drape.positions.slice(), 3));
      this.geometry.setAttribute('normal', new BufferAttribute(drape.normals.slice(), 3));
      this.geometry.setAttribute('color', new BufferAttribute(drape.colors.slice(), 3));
      if (this.outfit.uv) this.geometry.setAttribute('uv', new BufferAttribute(this.outfit.uv, 2));
      if (this.outfit.edges.length) this.mesh.add(seams(this.geometry, this.outfit.edges, this.outfit.material.color));
      this.to = null;
      return;
    }
    this.from = (at.array as Float32Array).slice();
    this.to = drape;
    this.started = still ? -Infinity : now;
    (this.geometry.getAttribute('normal') as BufferAttribute).copyArray(drape.normals).needsUpdate = true;
    (this.geometry.getAttribute('color') as BufferAttribute).copyArray(drape.colors).needsUpdate = true;
    this.step(now);
  }
  // Moves towards the size put on; true while under way.
  step(now: number): boolean {
    if (!this.to || !this.from) return false;
    const part = Math.min(1, (now - this.started) / 200);
    const eased = 1 - (1 - part) ** 3;
    const at = this.geometry.getAttribute('position') as BufferAttribute;
    const x = at.array as Float32Array;
    for (let i = 0; i < x.length; i++) x[i] = this.from[i]! + (this.to.positions[i]! - this.from[i]!) * eased;
    at.needsUpdate = true;
    if (part === 1) this.to = this.from = null;
    return part < 1;
  }
}

// Gives back what the graphics card holds of a material, and of an object with all below it; but not of what others share.
function scrap(m: Material): void {
  for (const t of Object.values(m)) if (t instanceof Texture) t.dispose();
  m.dispose();
}
function release(what: Object3D, shared: Material): void {
  what.traverse((o) => {
    if (!(o instanceof Mesh || o instanceof LineSegments)) return;
    (o.geometry as BufferGeometry).dispose();
    for (const m of (Array.isArray(o.material) ? o.material : [o.material]) as Material[]) if (m !== shared) scrap(m);
  });
}

export class Stage {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(24, 1, 0.1, 20);
  private readonly people = new Group();
  private readonly heatMaterial = new MeshStandardMaterial({ vertexColors: true, roughness: 1, side: DoubleSide, polygonOffset: true, polygonOffsetFactor: 0.5, polygonOffsetUnits: 0.5 });
  private readonly resize: ResizeObserver;
  private readonly still: boolean;
  private body: Group | null = null;
  private bodyPositions = new Float32Array();
  private grid: BodyGrid | null = null;
  private outfit: Outfit | null = null;
  private left: Worn | null = null;
  private right: Worn | null = null;
  private comparing = false;
  private dressing = 0; // the newest garment; one that was read more slowly does not take its place
  private fresh: string | null = null; // put on, not drawn yet
  private height = 1.7;
  private angle = 0.45;
  private angleTo = 0;
  private tilt = 0;
  private tiltTo = 0;
  private zoom = 1;
  private zoomTo = 1;
  private look = 0.5; // of the height
  private lookTo = 0.5;
  private idle: boolean;
  private frame = 0;
  private dirty = true;
  private gone = false;
  private last = 0;
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private readonly abort = new AbortController();

  constructor(readonly canvas: HTMLCanvasElement, private readonly onLost: (lost: boolean) => void) {
    this.still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.idle = !this.still;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: 'low-power' });
    this.renderer.setPixelRatio(Math.min(devicePixelRatio, MOST_PIXELS));
    this.renderer.outputColorSpace = SRGBColorSpace;
    this.renderer.toneMapping = ACESFilmicToneMapping;
    this.renderer.toneMappingExposure = 1.05;
    this.renderer.setClearColor(0, 0);
    const key = new DirectionalLight(0xfff3e4, 2.5);
    key.position.set(2.6, 2.4, 1.2);
    const fill = new DirectionalLight(0xe3ecff, 0.85);
    fill.position.set(-2.6, 0.8, 1.6);
    const rim = new DirectionalLight(0xffffff, 1.2);
    rim.position.set(-0.6, 2.2, -2.6);
    // Lights stand with the camera, so that a back is lit as well as a front.
    this.camera.add(key, fill, rim, key.target, fill.target, rim.target);
    for (const light of [key, fill, rim]) light.target.position.set(0, 0, -4);
    this.scene.add(this.camera, new HemisphereLight(0xffffff, 0xa89882, 0.95), new AmbientLight(0xffffff, 0.12), this.people);
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(canvas);
    this.listen();
    this.fit();
    this.tick = this.tick.bind(this);
    this.frame = requestAnimationFrame(this.tick);
  }

  private listen(): void {
    const c = this.canvas;
    const o = { signal: this.abort.signal };
    c.addEventListener('webglcontextlost', (e) => {
      e.preventDefault();
      this.gone = true;
      this.onLost(true);
    }, o);
    c.addEventListener('webglcontextrestored', () => {
      this.gone = false;
      this.onLost(false);
      this.touch();
    }, o);
    c.addEventListener('pointerdown', (e) => {
      this.idle = false;
      c.setPointerCapture(e.pointerId);
      this.fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    }, o);
    c.addEventListener('pointermove', (e) => {
      const was = this.fingers.get(e.pointerId);
      if (!was) return;
      if (this.fingers.size === 2) {
        const other = [...this.fingers].find(([id]) => id !== e.pointerId)![1];
        const before = Math.hypot(was.x - other.x, was.y - other.y);
        const after = Math.hypot(e.clientX - other.x, e.clientY - other.y);
        if (before > 0) this.zoomTo = this.zoom = Math.min(4, Math.max(1, this.zoom * (after / before)));
      } else {
        this.angleTo -= ((e.clientX - was.x) / c.clientWidth) * Math.PI * 1.6;
        this.angle = this.angleTo;
        if (e.pointerType === 'mouse' || this.zoom > 1.05) this.lookTo = this.look = Math.min(0.95, Math.max(0.05, this.look + (e.clientY - was.y) / c.clientHeight / this.zoom));
      }
      was.x = e.clientX;
      was.y = e.clientY;
      this.touch();
    }, o);
    for (const end of ['pointerup', 'pointercancel'] as const) c.addEventListener(end, (e) => this.fingers.delete(e.pointerId), o);
    c.addEventListener('wheel', (e) => {
      if (!e.ctrlKey && this.zoom <= 1 && e.deltaY > 0) return; // the page may scroll
      e.preventDefault();
      this.idle = false;
      this.zoomTo = Math.min(4, Math.max(1, this.zoomTo * Math.exp(-e.deltaY / 600)));
      this.touch();
    }, { ...o, passive: false });
    c.addEventListener('keydown', (e) => {
      const turn = { ArrowLeft: 1, ArrowRight: -1 }[e.key];
      const nearer = { '+': 1.2, '=': 1.2, '-': 1 / 1.2, ArrowUp: 1.2, ArrowDown: 1 / 1.2 }[e.key];
      if (!turn && !nearer) return;
      e.preventDefault();
      this.idle = false;
      if (turn) this.angleTo += (turn * Math.PI) / 12;
      if (nearer) this.zoomTo = Math.min(4, Math.max(1, this.zoomTo * nearer));
      this.touch();
    }, o);
  }

  private fit(): void {
    const { clientWidth: w, clientHeight: h } = this.canvas;
    if (!w || !h) return;
    this.renderer.setSize(w, h, false);
    this.touch();
  }

  private touch(): void {
    this.dirty = true;
  }

  private read(data: ArrayBuffer): Promise<Object3D> {
    const loader = new GLTFLoader();
    loader.setMeshoptDecoder(MeshoptDecoder);
    return loader.parseAsync(data, '').then((g) => g.scene);
  }

  // avatar.web.glb. The skeleton is taken out: she stands still here, and one matrix a vertex less is to be done.
  async setBody(data: ArrayBuffer): Promise<void> {
    const scene = await this.read(data);
    scene.updateMatrixWorld(true);
    const group = new Group();
    const parts: { positions: Float32Array; normals: Float32Array; index: BufferAttribute | null; suit: boolean }[] = [];
    scene.traverse((o) => {
      if (!(o instanceof Mesh)) return;
      const source = o.geometry as BufferGeometry;
      const at = source.getAttribute('position');
      const n = source.getAttribute('normal');
      const positions = new Float32Array(3 * at.count);
      const directions = new Float32Array(3 * at.count);
      const v = new Vector3();
      for (let i = 0; i < at.count; i++) {
        v.fromBufferAttribute(at, i);
        if (o instanceof SkinnedMesh) o.applyBoneTransform(i, v);
        else v.applyMatrix4(o.matrixWorld);
        v.toArray(positions, 3 * i);
        v.fromBufferAttribute(n, i).normalize().toArray(directions, 3 * i);
      }
      parts.push({ positions, normals: directions, index: source.getIndex(), suit: /suit/.test((o.material as Material).name) });
    });
    const top = parts.reduce((most, { positions }) => positions.reduce((m, y, i) => (i % 3 === 1 && y > m ? y : m), most), 0);
    this.height = top || 1.7;
    for (const { positions, normals, index, suit } of parts) {
      if (!suit) calmFace(positions, normals);
      else if (index) calmChest(positions, normals, index.array, this.height);
      const geometry = new BufferGeometry();
      geometry.setAttribute('position', new BufferAttribute(positions, 3));
      geometry.setAttribute('normal', new BufferAttribute(normals, 3));
      geometry.setIndex(index);
      // A mannequin in a quiet suit: nothing that draws the eye from the garment.
      const material = new MeshStandardMaterial({ color: new Color(suit ? 0x84827f : 0xc9baa9), roughness: suit ? 0.85 : 0.62, metalness: 0, polygonOffset: true, polygonOffsetFactor: 2, polygonOffsetUnits: 3 });
      group.add(new Mesh(geometry, material));
    }
    const join = (list: Float32Array[]) => {
      const out = new Float32Array(list.reduce((n, p) => n + p.length, 0));
      let at = 0;
      for (const p of list) {
        out.set(p, at);
        at += p.length;
      }
      return out;
    };
    this.bodyPositions = join(parts.map((p) => p.positions));
    this.grid = new BodyGrid(this.bodyPositions, join(parts.map((p) => p.normals)));
    this.undress();
    release(this.people, this.heatMaterial);
    this.people.clear();
    this.body = group;
    this.people.add(group, contactShadow(this.bodyPositions));
    this.touch();
  }

  private undress(): void {
    for (const w of [this.left, this.right]) {
      if (!w) continue;
      release(w.mesh, this.heatMaterial);
      this.people.remove(w.mesh);
    }
    if (this.outfit) scrap(this.outfit.material); // which no mesh has while the map is shown
    this.left = this.right = this.outfit = null;
  }

  // garment.glb of any size: the triangles that all sizes share, and the cloth. color: the shop's, as #rrggbb.
  async setGarment(data: ArrayBuffer, color?: string): Promise<void> {
    const mine = ++this.dressing;
    const scene = await this.read(data);
    if (mine !== this.dressing) return;
    let found: Mesh | null = null;
    scene.updateMatrixWorld(true);
    scene.traverse((o) => {
      if (o instanceof Mesh && !found && !/strain/.test(o.name)) found = o;
    });
    const mesh = found as Mesh | null;
    if (!mesh) throw new Error('no garment');
    const geometry = mesh.geometry as BufferGeometry;
    const at = geometry.getAttribute('position');
    const positions = new Float32Array(3 * at.count);
    const v = new Vector3();
    for (let i = 0; i < at.count; i++) v.fromBufferAttribute(at, i).applyMatrix4(mesh.matrixWorld).toArray(positions, 3 * i);
    const index = geometry.getIndex()?.array ?? Uint32Array.from({ length: at.count }, (_, i) => i);
    const material = (mesh.material as MeshStandardMaterial).clone();
    material.side = DoubleSide;
    if (color && !material.map) material.color = new Color(color);
    const uv = geometry.getAttribute('uv') as BufferAttribute | undefined, drafted = !!uv && weave(material);
    // A little behind its own seams, and before the body, which stands back further.
    Object.assign(material, { polygonOffset: true, polygonOffsetFactor: 0.5, polygonOffsetUnits: 0.5 });
    this.undress();
    this.outfit = {
      index, twins: findTwins(positions), own: positions, material, sizes: new Map(),
      uv: drafted ? Float32Array.from({ length: 2 * at.count }, (_, i) => (i % 2 ? uv.getY(i >> 1) : uv.getX(i >> 1))) : null,
      edges: drafted ? borders(index, at.count) : new Uint32Array(),
    };
    this.left = new Worn(this.outfit, this.heatMaterial);
    this.right = new Worn(this.outfit, this.heatMaterial);
    this.left.mesh.visible = this.right.mesh.visible = false;
    this.people.add(this.left.mesh, this.right.mesh);
    this.touch();
  }

  // drape.bin of a size; ready to be shown at once from then on.
  addSize(name: string, data: ArrayBuffer): void {
    const o = this.outfit;
    if (!o || !this.grid) throw new Error('no garment yet');
    const { positions, strain } = readDrape(data);
    if (positions.length !== 3 * o.twins.length) throw new Error('another mesh');
    const normals = makeNormals(positions, o.index, o.twins);
    const clearance = new Float32Array(strain.length);
    for (let i = 0; i < clearance.length; i++) clearance[i] = this.grid.height(positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!);
    o.sizes.set(name, { positions, strain, normals, clearance, colors: heatColors(strain, clearance) });
  }

  // For garments whose sizes do not share a mesh: the one set just now, as it is.
  addOwnSize(name: string): void {
    const o = this.outfit;
    if (!o || !this.grid) throw new Error('no garment yet');
    const count = o.own.length / 3;
    const clearance = new Float32Array(count);
    for (let i = 0; i < count; i++) clearance[i] = this.grid.height(o.own[3 * i]!, o.own[3 * i + 1]!, o.own[3 * i + 2]!);
    const strain = new Float32Array(count);
    o.sizes.set(name, { positions: o.own, strain, normals: makeNormals(o.own, o.index, o.twins), clearance, colors: heatColors(strain, clearance) });
  }

  show(size: string | null, beside: string | null = null): boolean {
    const now = performance.now();
    const one = size ? this.outfit?.sizes.get(size) : undefined;
    const two = beside ? this.outfit?.sizes.get(beside) : undefined;
    if (this.left) {
      this.left.mesh.visible = !!one;
      if (one) this.left.wear(one, now, this.still);
    }
    if (this.right && two) this.right.wear(two, now, this.still);
    this.comparing = !!two;
    this.fresh = size;
    if (size && this.body && !this.gone) this.draw(); // now, not with the next tick
    this.touch();
    return !!one;
  }

  heat(on: boolean): void {
    for (const w of [this.left, this.right]) if (w && this.outfit) w.mesh.material = on ? this.heatMaterial : this.outfit.material;
    this.touch();
  }

  view(view: View): void {
    this.idle = false;
    // The shorter way round.
    const turns = Math.round((this.angleTo - ANGLE[view]) / (2 * Math.PI));
    this.angleTo = ANGLE[view] + turns * 2 * Math.PI;
    if (this.still) this.angle = this.angleTo;
    this.touch();
  }

  closeup(part: Closeup): void {
    this.idle = false;
    const [look, zoom] = { whole: [0.5, 1], top: [0.76, 2.5], middle: [0.56, 2.5], bottom: [0.27, 2.2] }[part] as [number, number];
    this.lookTo = look;
    this.zoomTo = zoom;
    if (this.still) {
      this.look = look;
      this.zoom = zoom;
    }
    this.touch();
  }

  private tick(now: number): void {
    this.frame = requestAnimationFrame(this.tick);
    const dt = Math.min(0.05, (now - this.last) / 1000);
    this.last = now;
    if (this.gone || !this.body) return;
    const morphing = [this.left?.step(now), this.right?.step(now)].some(Boolean);
    if (this.idle) this.angleTo += dt * 0.22;
    const near = 1 - Math.exp(-dt * 9);
    const ease = (from: number, to: number) => (Math.abs(to - from) < 1e-4 ? to : from + (to - from) * near);
    const before = this.angle + this.zoom * 10 + this.look * 100 + this.tilt * 1000;
    this.angle = ease(this.angle, this.angleTo);
    this.zoom = ease(this.zoom, this.zoomTo);
    this.look = ease(this.look, this.lookTo);
    this.tilt = ease(this.tilt, this.tiltTo);
    const after = this.angle + this.zoom * 10 + this.look * 100 + this.tilt * 1000;
    if (!morphing && !this.dirty && before === after) return;
    this.dirty = false;
    this.draw();
  }

  private place(aspect: number): void {
    const c = this.camera;
    c.aspect = aspect;
    const half = Math.tan((c.fov * Math.PI) / 360);
    // The whole person with air above, her arms with air at the sides, and a strip below her feet for the controls.
    const strip = Math.min(0.25, STRIP / this.canvas.clientHeight);
    const tall = this.height * 1.06;
    const distance = Math.max(tall / (2 * half * (1 - strip)), 0.69 / (half * aspect)) / this.zoom;
    const seen = 2 * half * distance;
    const whole = this.height * 0.5 + (tall - this.height) * 0.2 - (seen * strip) / 2;
    const close = this.height * this.look - (seen * strip) / 2;
    const y = whole + (close - whole) * Math.min(1, 2 * (this.zoom - 1));
    c.position.set(Math.sin(this.angle) * distance, y + distance * Math.sin(this.tilt + 0.03), Math.cos(this.angle) * distance);
    c.lookAt(0, y, 0);
    c.updateProjectionMatrix();
  }

  private draw(): void {
    const w = this.canvas.clientWidth;
    const h = this.canvas.clientHeight;
    if (!w || !h) return;
    const r = this.renderer;
    const halves = this.comparing && this.left && this.right ? 2 : 1;
    r.setScissorTest(halves === 2);
    this.place(w / halves / h);
    for (let i = 0; i < halves; i++) {
      if (this.left && this.right && halves === 2) {
        this.left.mesh.visible = i === 0;
        this.right.mesh.visible = i === 1;
      } else if (this.right) {
        this.right.mesh.visible = false;
      }
      r.setViewport((i * w) / halves, 0, w / halves, h);
      r.setScissor((i * w) / halves, 0, w / halves, h);
      r.render(this.scene, this.camera);
    }
    if (this.left && halves === 2) this.left.mesh.visible = true;
    if (this.fresh) performance.mark('tryon:drawn', { detail: this.fresh });
    this.fresh = null;
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.abort.abort();
    this.resize.disconnect();
    this.undress();
    release(this.scene, this.heatMaterial);
    this.heatMaterial.dispose();
    this.renderer.dispose();
  }
}
