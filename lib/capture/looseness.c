#include "capture/looseness.h"
#include "capture/outline.h"

#include <math.h>

// A limb's outline, sampled from t = 0 at its upper joint over 1 at the middle one to 2 at the last.
enum { SAMPLES = 48 };
typedef struct {
    float out[SAMPLES], in[SAMPLES]; // reach away from the body's middle and towards it, pixels; 0: not to be seen
} limb;

typedef struct {
    int top, middle, end;
} bones;
static const bones leg[2] = { { LM_LEFT_HIP, LM_LEFT_KNEE, LM_LEFT_ANKLE },
                              { LM_RIGHT_HIP, LM_RIGHT_KNEE, LM_RIGHT_ANKLE } };
static const bones arm[2] = { { LM_LEFT_SHOULDER, LM_LEFT_ELBOW, LM_LEFT_WRIST },
                              { LM_RIGHT_SHOULDER, LM_RIGHT_ELBOW, LM_RIGHT_WRIST } };

static float sample_at(int i) { return 2 * ((float)i + 0.5f) / SAMPLES; }

static void follow(const capture_evidence *ev, const bones *b, int side, float most, limb *out)
{
    spot top = spot_at(ev, b->top), middle = spot_at(ev, b->middle), end = spot_at(ev, b->end);
    float dx = end.x - top.x, dy = end.y - top.y, length = fmaxf(hypotf(dx, dy), 1);
    // Across the whole limb, so that the direction does not turn at the joint. Her left is on the picture's right.
    spot across = { dy / length, -dx / length };
    if (side == 1) across = (spot){ -across.x, -across.y };
    for (int i = 0; i < SAMPLES; i++) {
        float t = sample_at(i);
        spot p = t < 1 ? spot_between(top, middle, t) : spot_between(middle, end, t - 1);
        float o = outline_reach(ev, p, across, most), n = outline_reach(ev, p, (spot){ -across.x, -across.y }, most);
        out->out[i] = o < most ? o : 0;
        out->in[i] = n < most ? n : 0;
    }
}

typedef struct {
    float sum;
    int n;
} mean;

static void take(mean *m, float v) { m->sum += v, m->n++; }
static float of(const mean *m) { return m->n ? m->sum / (float)m->n : 0; }

// Mean reach where t runs from a to b; both ways: only where both are to be seen.
static float reach_between(const limb pair[2], float a, float b, bool both)
{
    mean m = { 0 };
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < SAMPLES; i++) {
            float t = sample_at(i), o = pair[s].out[i], n = pair[s].in[i];
            if (t < a || t > b || o == 0 || (both && n == 0)) continue;
            take(&m, both ? o + n : o);
        }
    return of(&m);
}

// Second differences over 4 samples each way, root of their mean square, less what single great steps add.
static float roughness(const limb pair[2], float a, float b, float cap)
{
    enum { FAR = 2 };
    mean m = { 0 };
    for (int s = 0; s < 2; s++)
        for (int i = FAR; i < SAMPLES - FAR; i++) {
            float t = sample_at(i), u = pair[s].out[i - FAR], v = pair[s].out[i], w = pair[s].out[i + FAR];
            if (t < a || t > b || u == 0 || v == 0 || w == 0) continue;
            float d = fminf(fabsf(v - (u + w) / 2), cap);
            take(&m, d * d);
        }
    return sqrtf(of(&m));
}

// The sharpest narrowing within a few samples, by the breadth above it; the mean of the two sides.
static float narrowing(const limb pair[2], float a, float b, bool both)
{
    enum { FAR = 3 };
    mean m = { 0 };
    for (int s = 0; s < 2; s++) {
        float most = 0;
        bool seen = false;
        for (int i = 0; i + FAR < SAMPLES; i++) {
            const limb *l = &pair[s];
            if (sample_at(i) < a || sample_at(i + FAR) > b || l->out[i] == 0 || l->out[i + FAR] == 0) continue;
            if (both && (l->in[i] == 0 || l->in[i + FAR] == 0)) continue;
            float above = l->out[i] + (both ? l->in[i] : 0), below = l->out[i + FAR] + (both ? l->in[i + FAR] : 0);
            most = fmaxf(most, 1 - below / above);
            seen = true;
        }
        if (seen) take(&m, most);
    }
    return of(&m);
}

// The trunk's sides from the shoulders (t = 0) to the hips (1), level; where an arm hangs beside it is not to be seen.
static void follow_trunk(const capture_evidence *ev, float most, limb pair[2])
{
    spot high = spot_middle(ev, LM_LEFT_SHOULDER, LM_RIGHT_SHOULDER), low = spot_middle(ev, LM_LEFT_HIP, LM_RIGHT_HIP);
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < SAMPLES; i++) {
            spot p = spot_between(high, low, 1.2f * ((float)i + 0.5f) / SAMPLES);
            float r = outline_reach(ev, p, (spot){ s == 0 ? 1.0f : -1.0f, 0 }, most), edge = s == 0 ? p.x + r : p.x - r;
            // An arm's bone within the run means that it is no side of the trunk.
            bool hidden = r >= most || r == 0;
            for (int k = 0; !hidden && k < SAMPLES; k++) {
                float t = sample_at(k);
                spot q = t < 1 ? spot_between(spot_at(ev, arm[s].top), spot_at(ev, arm[s].middle), t)
                               : spot_between(spot_at(ev, arm[s].middle), spot_at(ev, arm[s].end), t - 1);
                if (t > 0.25f && fabsf(q.y - p.y) < 0.02f * most && (s == 0 ? q.x < edge : q.x > edge)) hidden = true;
            }
            pair[s].out[i] = hidden ? 0 : r;
        }
}

static float trunk_between(const limb pair[2], float a, float b)
{
    return reach_between(pair, a * 2 / 1.2f, b * 2 / 1.2f, false);
}

// Down the way from the hips to the ankles, where background first shows between the legs.
static float parting(const capture_evidence *ev)
{
    enum { STEPS = 60 };
    spot lh = spot_at(ev, LM_LEFT_HIP), rh = spot_at(ev, LM_RIGHT_HIP);
    spot la = spot_at(ev, LM_LEFT_ANKLE), ra = spot_at(ev, LM_RIGHT_ANKLE);
    for (int i = 0; i < STEPS; i++) {
        float t = (float)i / STEPS;
        spot a = spot_between(lh, la, t), b = spot_between(rh, ra, t);
        for (int k = 1; k < 16; k++) {
            spot p = spot_between(a, b, (float)k / 16);
            if (!outline_inside(ev, p.x, p.y)) return t;
        }
    }
    return 1;
}

void loose_look(const capture_evidence *ev, loose_signs *out)
{
    float height = fmaxf((float)(ev->bottom - ev->top), 1), cap = 0.01f * height;
    limb legs[2], arms[2], trunk[2];
    for (int s = 0; s < 2; s++) {
        follow(ev, &leg[s], s, 0.15f * height, &legs[s]);
        follow(ev, &arm[s], s, 0.08f * height, &arms[s]);
    }
    follow_trunk(ev, 0.3f * height, trunk);
    float *v = out->value;
    v[LOOSE_THIGH] = reach_between(legs, 0.45f, 0.65f, false) / height;
    v[LOOSE_KNEE] = reach_between(legs, 0.9f, 1.1f, false) / height;
    v[LOOSE_CALF] = reach_between(legs, 1.25f, 1.5f, false) / height;
    v[LOOSE_SHIN] = reach_between(legs, 1.7f, 1.9f, true) / height;
    v[LOOSE_UPPER_ARM] = reach_between(arms, 0.35f, 0.65f, true) / height;
    v[LOOSE_ELBOW] = reach_between(arms, 0.75f, 0.95f, true) / height;
    v[LOOSE_FOREARM] = reach_between(arms, 1.3f, 1.7f, true) / height;
    v[LOOSE_CHEST] = trunk_between(trunk, 0.35f, 0.5f) / height;
    v[LOOSE_WAIST] = trunk_between(trunk, 0.6f, 0.75f) / height;
    v[LOOSE_HIPS] = trunk_between(trunk, 0.95f, 1.1f) / height;
    v[LOOSE_SHOULDERS] = hypotf(ev->at[LM_LEFT_SHOULDER].x - ev->at[LM_RIGHT_SHOULDER].x,
                                ev->at[LM_LEFT_SHOULDER].y - ev->at[LM_RIGHT_SHOULDER].y) /
                         2 / height;
    v[LOOSE_FORK] = parting(ev);
    v[LOOSE_LEG_ROUGH] = roughness(legs, 0.35f, 1.8f, cap) / height;
    v[LOOSE_ARM_ROUGH] = roughness(arms, 0.35f, 1.8f, cap) / height;
    v[LOOSE_TRUNK_ROUGH] = roughness(trunk, 0.5f, 1.9f, cap) / height;
    v[LOOSE_HEM] = narrowing(legs, 0.4f, 1.9f, false);
    v[LOOSE_CUFF] = narrowing(arms, 0.3f, 1.9f, true);
}

float loose_judge(const loose_signs *s)
{
    (void)s;
    return 0;
}
