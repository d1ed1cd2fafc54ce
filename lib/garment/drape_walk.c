#include "base/mem.h"
#include "garment/drape_run.h"
#include "garment/stance.h"

#include <math.h>
#include <string.h>

#define CARRIES 0.06f // metres over the body: cloth within moves with it

// How far the body carries each vertex of the cloth, evened out over the cloth's edges.
static void carried(const collider *body, const vec3 *now, const vec3 *next, const vec3 *x, const sewn *s, vec3 *move)
{
    for (uint32_t i = 0; i < s->vertices; i++) {
        uint32_t v = collider_vertex(body, x[i], CARRIES);
        move[i] = v == UINT32_MAX ? v3(0, 0, 0) : v3_sub(next[v], now[v]);
    }
    sewn_even_out(s, 3, move);
}

void drape_walk(const wearer *w, const collider *first, const collider *last, float stride, cloth *c, const sewn *s)
{
    uint32_t n = w->model->vertices;
    vec3 *now = mem_array(vec3, n), *next = mem_array(vec3, n), *move = mem_array(vec3, s->vertices);
    float far = 0;
    for (uint32_t v = 0; v < n; v++) {
        int label = w->model->label[v];
        bool hand = label == JOINT_L_HAND || label == JOINT_R_HAND || label == JOINT_L_WRIST || label == JOINT_R_WRIST;
        if (!hand) far = fmaxf(far, v3_dist(w->position[v], w->stood[v]));
    }
    int steps = (int)ceilf(far / stride);
    memcpy(now, w->position, n * sizeof *now);
    collider *before = NULL;
    for (int i = 1; i <= steps; i++) {
        wearer_between(w, (float)i / (float)steps, next);
        carried(before ? before : first, now, next, cloth_position(c), s, move);
        collider *body = i < steps ? drape_collider_of(w, next) : NULL;
        cloth_carry(c, body ? body : last, move);
        collider_free(before);
        before = body;
        cloth_run(c, &(cloth_phase){ .gravity = 9.81, .damping = 30, .seconds = 0.02 });
        vec3 *swap = now;
        now = next;
        next = swap;
    }
    mem_free(now);
    mem_free(next);
    mem_free(move);
}
