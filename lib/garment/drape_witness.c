#include "base/mem.h"
#include "garment/drape.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

// Where a region lies: on the trunk at a height of the body, or at a depth below the pattern's top (arms, thighs, a
// waistband).
typedef struct {
    bool by_height, sleeve;
    double at;
} place;

static bool place_of(const drape *d, chart_dim dim, place *out)
{
    const pattern *p = &d->pattern;
    bool top = p->category != GARMENT_SKIRT && p->category != GARMENT_TROUSERS;
    *out = (place){ .by_height = true };
    switch (dim) {
    case DIM_CHEST:
        out->at = d->chest_y;
        return top;
    case DIM_WAIST:
        *out = top ? (place){ true, false, d->waist_y } : (place){ false, false, 0.02 };
        return true;
    case DIM_HIP:
    case DIM_HEM: // of a top: where it meets the hips
        out->at = d->hip_y;
        return d->hem_height + 0.025 < d->hip_y; // it may have ridden up

    case DIM_THIGH:
        *out = (place){ false, false, p->underarm + 0.03 };
        return !top;
    case DIM_BICEPS:
        *out = (place){ false, true, 0.03 - (double)p->panel[2].edge[2].p[0].y };
        return p->panels > 2 && p->panel[2].place == PLACE_ARM_L;
    default:
        return false;
    }
}

static bool is_seen(const drape *d, uint32_t point, bool sleeve)
{
    panel_place at = d->pattern.panel[d->mesh.panel[point]].place;
    return sleeve ? at == PLACE_ARM_L || at == PLACE_ARM_R : sewn_on_trunk(&d->mesh, &d->pattern, point);
}

drape_testimony drape_witness(const drape *d, const garment *g, const fit_region_result *r)
{
    drape_testimony w = { .consistent = true };
    double contact = 0;
    place at;
    if (!place_of(d, r->region.dim, &at)) return w;
    const sewn *s = &d->mesh;
    bool trousers = d->pattern.category == GARMENT_TROUSERS;
    float *strain = mem_array(float, s->triangles);
    uint32_t n = 0;
    for (uint32_t t = 0; t < s->triangles; t++) {
        const uint32_t *c = s->corner + 3 * (size_t)t;
        if (!trousers && !is_seen(d, c[0], at.sleeve)) continue;
        double down = -(double)(s->flat[c[0]].y + s->flat[c[1]].y + s->flat[c[2]].y) / 3,
               high = (double)(d->position[c[0]].y + d->position[c[1]].y + d->position[c[2]].y) / 3;
        if (fabs((at.by_height ? high : down) - at.at) > 0.025) continue;
        strain[n++] = d->tension[2 * t];
        contact += (double)(d->height[c[0]] < 0.005f);
    }
    if (n >= 10) {
        qsort(strain, n, sizeof *strain, by_value);
        w.seen = true;
        w.strain = (double)strain[n / 2];
        w.contact = contact / n;
        w.pressure = fmax(0, w.strain) * g->fabric.weft * w.contact * 2 * 3.14159265 / (r->body / 100);
        // A garment narrower than the body must be stretched about as much, a wider one must not be. Three hundredths
        // for what the tape and the cloth's line do not share (level, hollows that a tape bridges), and a sixth of the
        // strain for what slides in from above and below.
        double wanted = -r->ease / r->garment;
        if (wanted > 0 && w.strain < wanted - 0.03 - wanted / 6) w.consistent = false;
        if (wanted < -0.04 && w.strain > 0.03) w.consistent = false;
    }
    mem_free(strain);
    return w;
}

static bool print_testimony(const drape *d, const garment *g, const fit_size *s, buf *out)
{
    bool ok = buf_printf(out, "\"witness\": {"), consistent = true, first = true;
    for (int i = 0; ok && i < s->regions; i++) {
        drape_testimony w = drape_witness(d, g, &s->region[i]);
        if (!w.seen) continue;
        consistent = consistent && w.consistent;
        ok = buf_printf(out,
                        "%s\"%s\": {\"weft_strain_p50\": %.4f, \"contact\": %.3f, \"pressure_kpa_estimate\": %.2f, "
                        "\"consistent\": %s}",
                        first ? "" : ", ", chart_dim_key[s->region[i].region.dim], w.strain, w.contact,
                        w.pressure / 1000, w.consistent ? "true" : "false");
        first = false;
    }
    return ok && buf_printf(out, "}, \"consistent\": %s, ", consistent ? "true" : "false");
}

bool drape_print(const drape *d, const garment *g, const fit_size *s, buf *out)
{
    const cloth_quality *q = &d->quality;
    return buf_printf(out,
                      "{\"status\": \"%s\", \"why\": \"%s\", \"max_penetration_mm\": %.3f, "
                      "\"vertices_deeper_1mm\": %u, \"edges_crossing_body\": %u, \"self_crossings\": %u, "
                      "\"self_depth_mm\": %.3f, ",
                      d->degraded ? "degraded" : "ok", d->why, 1000 * q->max_penetration, q->deep, q->crossing,
                      q->self_crossing, 1000 * q->self_depth) &&
           buf_printf(out,
                      "\"rms_speed_m_s\": %.4f, \"strain_weft\": {\"mean\": %.4f, \"p95\": %.4f, \"p99\": %.4f}, "
                      "\"strain_warp\": {\"mean\": %.4f, \"p95\": %.4f, \"p99\": %.4f}, ",
                      q->rms_speed, q->strain_weft[0], q->strain_weft[1], q->strain_weft[2], q->strain_warp[0],
                      q->strain_warp[1], q->strain_warp[2]) &&
           print_testimony(d, g, s, out) &&
           buf_printf(out,
                      "\"share_over_limit\": %.4f, \"artefact_bound\": %.5f, \"substeps\": %u, \"seconds\": %.3f, "
                      "\"rested\": %s, \"clearance_mm\": %.2f, \"contact\": %.3f, \"slid_mm\": %.1f, ",
                      q->over_limit, q->artefact, q->substeps, q->seconds, q->rested ? "true" : "false",
                      1000 * d->clearance, d->contact, 1000 * d->slid) &&
           buf_printf(out,
                      "\"stays_at_waist\": %s, \"hem_height_m\": %.4f, \"vertices\": %u, "
                      "\"rest_source\": \"%s\", \"state_hash\": \"%016llx\"}",
                      d->slides ? "false" : "true", d->hem_height, d->mesh.vertices, d->from_mesh ? "mesh" : "pattern",
                      (unsigned long long)q->hash);
}
