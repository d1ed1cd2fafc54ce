// A brand's own mesh of one size, read from GLB, welded, judged, and made ready to be draped. Metres.
#pragma once
#include "garment/drape.h"

typedef struct {
    sewn mesh;      // one panel; flat is x and the height below the top, for want of a pattern
    vec3 *placed;   // [mesh.vertices] as the file shows it: on an avatar standing on y = 0, facing +Z, in A-pose
    vec2 *rest;     // [3 * mesh.triangles] each triangle laid flat, its weft horizontal around the body
    double spacing; // mean length of its edges
} imported;

typedef struct {
    uint32_t vertices, triangles, welded; // welded: vertices that were one
    uint32_t open_edges, crowded_edges, pieces;
    double height, width, edge; // metres; edge: mean length
    double chest, hem;          // girths around the outside at the widest of the upper part and at the lower edge, cm
    uint64_t hash;              // of the welded positions
} import_report;

// Untrusted bytes, read in the locked child. ERR_INPUT: not a garment in metres, or one that cannot be draped.
bool import_read(const uint8_t *glb, size_t n, imported *out, import_report *report, err *e) MUST_USE;
void imported_free(imported *m); // a zeroed one is fine

// What is suspicious about a garment's sizes taken together with its chart, as a JSON array of sentences.
bool import_findings(const garment *g, const import_report *report, const imported *mesh, buf *out) MUST_USE;

// Drapes it: the start is carried over from the mean person of the wearer's own body model, whom the file is taken to
// dress.
void import_drape(const wearer *w, const collider *body, const garment *g, const imported *m, drape *out);
