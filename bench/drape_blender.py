# Lets Blender's cloth solver drape what bench_drape gives it: the peer in bench/drape_peer.c.
# usage: blender --background --factory-startup --python drape_blender.py -- IN OUT
# IN, little-endian: u32 counts (body vertices, body triangles, cloth vertices, cloth triangles), f32 cloth mass per
# vertex in kg, f32 friction, f32 rest and f32 start positions of the cloth, f32 body positions (x, y up, z), u32
# triangles of both. OUT: f32 positions of the cloth at rest. Prints "PEER version wall cpu frames rested".
import array
import sys
import time

import bpy

source, result = sys.argv[sys.argv.index("--") + 1:][:2]
with open(source, "rb") as f:
    n_body, t_body, n_cloth, t_cloth = array.array("I", f.read(16))
    mass, friction = array.array("f", f.read(8))
    rest = array.array("f", f.read(12 * n_cloth))
    start = array.array("f", f.read(12 * n_cloth))
    body = array.array("f", f.read(12 * n_body))
    cloth_faces = array.array("I", f.read(12 * t_cloth))
    body_faces = array.array("I", f.read(12 * t_body))


def points(a):  # Blender's z is up
    return [(a[i], -a[i + 2], a[i + 1]) for i in range(0, len(a), 3)]


def faces(a):
    return [tuple(a[i:i + 3]) for i in range(0, len(a), 3)]


def mesh(name, p, f):
    m = bpy.data.meshes.new(name)
    m.from_pydata(p, [], f)
    o = bpy.data.objects.new(name, m)
    bpy.context.scene.collection.objects.link(o)
    return o


for o in list(bpy.data.objects):
    bpy.data.objects.remove(o)
person = mesh("body", points(body), faces(body_faces))
person.modifiers.new("collision", "COLLISION")
person.collision.thickness_outer = 0.0005
person.collision.thickness_inner = 0.02
person.collision.cloth_friction = 80 * friction
garment = mesh("cloth", points(start), faces(cloth_faces))
# Rest lengths come from a key of their own.
garment.shape_key_add(name="Basis")
key = garment.shape_key_add(name="rest")
for d, p in zip(key.data, points(rest)):
    d.co = p
key.value = 0
# Steps and rounds of collision stay as Blender has them; gaps are ours, for 15 mm would be no fit.
cloth = garment.modifiers.new("cloth", "CLOTH")
s, c = cloth.settings, cloth.collision_settings
s.rest_shape_key = key
s.mass = mass
s.tension_stiffness = s.compression_stiffness = 15
s.shear_stiffness = 5
s.bending_stiffness = 0.05
s.air_damping = 1
c.distance_min = 0.0012
c.use_self_collision = True
c.self_distance_min = 0.002
scene = bpy.context.scene
scene.render.fps = 25
scene.frame_start, scene.frame_end = 1, 250
cloth.point_cache.frame_start, cloth.point_cache.frame_end = 1, 250

begin, begin_cpu = time.perf_counter(), time.process_time()
scene.frame_set(1)
before, calm, frame = None, 0, 1
while frame < 250 and calm < 3:
    frame += 1
    scene.frame_set(frame)
    now = garment.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    at = array.array("f", bytes(12 * n_cloth))
    now.vertices.foreach_get("co", at)
    if before:
        moved = sorted(((at[i] - before[i]) ** 2 + (at[i + 1] - before[i + 1]) ** 2 + (at[i + 2] - before[i + 2]) ** 2)
                       ** 0.5 for i in range(0, len(at), 3))
        # 0.3 mm in 20 ms, and 2 mm for all but one vertex in a hundred: a frame is 40 ms.
        quiet = sum(moved) / n_cloth < 0.6e-3 and moved[n_cloth - 1 - n_cloth // 100] < 4e-3
        calm = calm + 1 if quiet else 0
    before = at
wall, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
out = array.array("f")
for i in range(0, len(before), 3):
    out.extend((before[i], before[i + 2], -before[i + 1]))
with open(result, "wb") as f:
    out.tofile(f)
print("PEER", bpy.app.version_string.split()[0], wall, cpu, frame, int(calm >= 3), flush=True)
