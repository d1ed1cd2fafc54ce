// Tape paths that run along the body in the plane of symmetry: down the back and through the crotch. Internal to the
// tape.
#pragma once
#include "body/body.h"

// Torso triangles near the plane of symmetry: the only ones that these paths can touch. Ids to free with mem_free.
body_ids tape_path_triangles(const body_model *m);

// The vertices of those triangles and the paths' marks: all of a body that the lengths depend on. Free likewise.
body_ids tape_path_vertices(const body_model *m, const body_ids *near);

// Length from back of the neck to the level waist_y along the spine, hollows bridged.
double tape_back_length(const body_model *m, const body_ids *near, const vec3 *position, float waist_y);

// Length from the level waist_y in front, through the crotch, to the same level at the back, over the seat.
double tape_crotch_length(const body_model *m, const body_ids *near, const vec3 *position, float waist_y);
