#include "base/mem.h"
#include "garment/cloth_self.h"
#include "garment/cloth_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void cloth_strain(const cloth *c, float *out)
{
    for (uint32_t t = 0; t < c->triangles; t++) {
        const membrane *m = &c->membrane[t];
        vec3 e1 = v3_sub(c->x[m->v[1]], c->x[m->v[0]]), e2 = v3_sub(c->x[m->v[2]], c->x[m->v[0]]);
        out[2 * t] = v3_len(v3_add(v3_scale(e1, m->a), v3_scale(e2, m->b))) - 1;
        out[2 * t + 1] = v3_len(v3_add(v3_scale(e1, m->c), v3_scale(e2, m->d))) - 1;
    }
}

#define LEAST_HEIGHT 0.001f // metres over the body of whatever is shown

static vec3 lifted(const collider *body, vec3 p)
{
    collider_plane plane;
    if (!collider_near(body, p, COLLIDER_REACH, &plane)) return v3(0, 0, 0);
    float depth = plane.level + LEAST_HEIGHT - v3_dot(plane.normal, p);
    return depth > 0 ? v3_scale(plane.normal, depth) : v3(0, 0, 0);
}

void cloth_settle(cloth *c)
{
    if (!c->body) return;
    for (int round = 0; round < 6; round++) {
        bool moved = false;
        for (uint32_t t = 0; t < 3 * c->triangles; t++) {
            // A middle is lifted by its two ends; each inner edge comes twice, which does no harm.
            uint32_t a = c->triangle[t], b = c->triangle[t % 3 == 2 ? t - 2 : t + 1];
            vec3 up = lifted(c->body, v3_lerp(c->x[a], c->x[b], 0.5f));
            if (v3_dot(up, up) == 0) continue;
            c->x[a] = v3_add(c->x[a], up);
            c->x[b] = v3_add(c->x[b], up);
            moved = true;
        }
        for (uint32_t i = 0; i < c->vertices; i++) {
            vec3 up = lifted(c->body, c->x[i]);
            c->x[i] = v3_add(c->x[i], up);
            moved = moved || v3_dot(up, up) > 0;
        }
        if (!moved) return;
    }
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static void spread(const float *strain, uint32_t n, int which, float *room, double *out)
{
    double sum = 0;
    for (uint32_t t = 0; t < n; t++) sum += (double)(room[t] = strain[2 * t + (uint32_t)which]);
    qsort(room, n, sizeof *room, by_value);
    out[0] = sum / n;
    out[1] = (double)room[(uint32_t)(0.95 * (n - 1))];
    out[2] = (double)room[(uint32_t)(0.99 * (n - 1))];
}

static void judge_self(const cloth *c, cloth_quality *q)
{
    // Sides are remembered from the first time two layers came near each other.
    for (uint32_t k = 0; k < c->self.count; k++) {
        const self_pair *s = &c->self.pair[k];
        vec3 w, n;
        float height;
        if (!self_weights(c->x[s->vertex], c->x[s->a], c->x[s->b], c->x[s->c], &w, &n, &height)) continue;
        double depth = -(double)(height * s->side);
        if (depth > 0.0005) q->self_crossing++;
        q->self_depth = fmax(q->self_depth, depth);
    }
}

void cloth_judge(const cloth *c, cloth_quality *q)
{
    memset(q, 0, sizeof *q);
    float *strain = mem_array(float, 2 * (size_t)c->triangles), *room = mem_array(float, c->triangles);
    cloth_strain(c, strain);
    spread(strain, c->triangles, 0, room, q->strain_weft);
    spread(strain, c->triangles, 1, room, q->strain_warp);
    uint32_t over = 0;
    for (uint32_t t = 0; t < c->triangles; t++)
        over += fmax((double)strain[2 * t], (double)strain[2 * t + 1]) > c->limit;
    q->over_limit = (double)over / c->triangles;
    mem_free(strain);
    mem_free(room);
    for (uint32_t i = 0; c->body && i < c->vertices; i++) {
        double depth = -(double)collider_height(c->body, c->x[i]);
        q->max_penetration = fmax(q->max_penetration, depth);
        q->deep += depth > 0.001;
    }
    for (uint32_t t = 0; c->body && t < 3 * c->triangles; t++) {
        uint32_t a = c->triangle[t], b = c->triangle[t % 3 == 2 ? t - 2 : t + 1];
        if (a > b) continue; // inner edges once
        double depth = -(double)collider_height(c->body, v3_lerp(c->x[a], c->x[b], 0.5f));
        q->max_penetration = fmax(q->max_penetration, depth);
        q->crossing += depth > 0.0002;
    }
    if (c->itself) judge_self(c, q);
    q->artefact = CLOTH_ARTEFACT * 9.81 * c->hanging * (c->dt / c->spacing) * (c->dt / c->spacing);
    q->rms_speed = c->rms;
    q->substeps = c->substeps;
    q->seconds = c->simulated;
    q->rested = c->rested;
    q->hash = 14695981039346656037u; // FNV-1a
    const uint8_t *byte = (const uint8_t *)c->x;
    for (size_t i = 0; i < c->vertices * sizeof *c->x; i++) q->hash = (q->hash ^ byte[i]) * 1099511628211u;
}
