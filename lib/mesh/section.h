// Plane sections and the tape measure: a girth is the perimeter of the convex hull of a section, because a tape bridges
// hollows. Metres.
#pragma once
#include "mesh/mesh.h"

#include <stddef.h>

typedef struct {
    vec3 point, normal; // normal: any length but zero
} mesh_plane;

typedef struct {
    float girth;     // perimeter of the hull of all section points; 0 when the plane misses
    float contour;   // summed length of the section's segments (every loop, hollows followed)
    vec3 centre;     // mean of the section's segments, weighted by length; the plane's point when it misses
    uint32_t points; // section points, two a crossed triangle
    uint32_t hull;   // corners of the hull
} mesh_section;

// A corner of the hull: the point (1 - t) a + t b on the mesh's edge from vertex a to vertex b. Vertices and t let a
// caller differentiate a girth, or follow the same tape on another body.
typedef struct {
    vec3 p;
    uint32_t a, b;
    float t;
} mesh_hull_point;

// What the section works in; the caller provides mesh_section_scratch(count) of them.
typedef struct {
    double u, v; // in the plane
    double t;
    uint32_t a, b;
} mesh_section_point;

static inline size_t mesh_section_scratch(uint32_t triangles) { return 4 * (size_t)triangles + 1; }

// Sections the listed triangles of m: index [count], each < m->triangle_count; NULL: all triangles (count is ignored).
// Allocates nothing; linear in count but for sorting the points found. A vertex on the plane counts as above it, so
// that neighbouring triangles agree. The result depends on no vertex order: it is the same for a mesh and its mirror.
mesh_section mesh_section_girth(const mesh_view *m, const uint32_t *index, uint32_t count, mesh_plane plane,
                                mesh_section_point *scratch);

// The same, and writes the first max corners of the hull, counter-clockwise about the normal, to hull.
mesh_section mesh_section_hull(const mesh_view *m, const uint32_t *index, uint32_t count, mesh_plane plane,
                               mesh_section_point *scratch, mesh_hull_point *hull, uint32_t max);
