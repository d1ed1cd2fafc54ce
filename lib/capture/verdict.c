#include "capture/verdict.h"
#include "capture/looseness.h"
#include "capture/mask.h"
#include "capture/outline.h"

#include <math.h>

static const float DEGREES = 57.2957795f;

// --- geometry ---

// Angle at b between a and c in the rough body, degrees.
static float angle_at(const float w[CAPTURE_LANDMARKS][3], int a, int b, int c)
{
    float dot = 0, aa = 0, cc = 0;
    for (int i = 0; i < 3; i++) {
        float u = w[a][i] - w[b][i], v = w[c][i] - w[b][i];
        dot += u * v, aa += u * u, cc += v * v;
    }
    return aa > 0 && cc > 0 ? acosf(fminf(fmaxf(dot / sqrtf(aa * cc), -1), 1)) * DEGREES : 0;
}

float verdict_facing_deg(const float world[CAPTURE_LANDMARKS][3])
{
    // Facing the camera, the left shoulder is to the picture's right and both are equally far.
    const float *l = world[LM_LEFT_SHOULDER], *r = world[LM_RIGHT_SHOULDER];
    return fabsf(atan2f(l[2] - r[2], l[0] - r[0])) * DEGREES;
}

// --- outline ---

typedef struct {
    int x0, x1; // pixels [x0, x1); empty when equal
} span;

// The mask's run around (x, y), empty when that pixel is background.
static span run_around(const capture_evidence *ev, float x, float y)
{
    if (!outline_inside(ev, x, y)) return (span){ 0, 0 };
    const uint8_t *row = image_at(&ev->mask, 0, (uint32_t)y);
    span s = { (int)x, (int)x + 1 };
    while (s.x0 > 0 && row[s.x0 - 1]) s.x0--;
    while (s.x1 < (int)ev->mask.width && row[s.x1]) s.x1++;
    return s;
}

// Breadth of a leg where the axes of the two pass a and b. Legs that touch share one run: if they stand side by side
// half of it is a leg, if one covers the other all but the distance of the axes is; the smaller is never too much.
static float leg_width(const capture_evidence *ev, spot a, spot b)
{
    span sa = run_around(ev, a.x, a.y), sb = run_around(ev, b.x, b.y);
    float wa = (float)(sa.x1 - sa.x0), wb = (float)(sb.x1 - sb.x0);
    bool touching = sa.x1 > sa.x0 && sa.x0 <= (int)b.x && (int)b.x < sa.x1;
    return touching ? fminf(wa / 2, wa - fabsf(a.x - b.x)) : fmaxf(wa, wb);
}

// Background on the way from a to b.
static bool gap_between(const capture_evidence *ev, spot a, spot b)
{
    float steps = fmaxf(fmaxf(fabsf(b.x - a.x), fabsf(b.y - a.y)), 1);
    for (float i = 0; i <= steps; i++) {
        spot p = spot_between(a, b, i / steps);
        bool in_photo = p.x >= 0 && p.y >= 0 && p.x < (float)ev->mask.width && p.y < (float)ev->mask.height;
        if (in_photo && !outline_inside(ev, p.x, p.y)) return true;
    }
    return false;
}

// Part of one arm, from the middle of the upper arm to the wrist, beside which background shows on the way to the
// trunk: straight across, or for a lifted arm towards the hip.
static float arm_gap(const capture_evidence *ev, int shoulder, int elbow, int wrist, int hip)
{
    enum { STEPS = 12 };
    spot top = spot_middle(ev, LM_LEFT_SHOULDER, LM_RIGHT_SHOULDER), low = spot_middle(ev, LM_LEFT_HIP, LM_RIGHT_HIP);
    int open = 0;
    for (int i = 0; i < STEPS; i++) {
        float t = ((float)i + 0.5f) / STEPS * 1.5f; // 0..0.5 upper arm, 0.5..1.5 forearm
        spot p = t < 0.5f ? spot_between(spot_at(ev, shoulder), spot_at(ev, elbow), 0.5f + t)
                          : spot_between(spot_at(ev, elbow), spot_at(ev, wrist), t - 0.5f);
        float down = low.y > top.y ? (p.y - top.y) / (low.y - top.y) : 0;
        spot across = { spot_between(top, low, fminf(fmaxf(down, 0), 1)).x, p.y };
        open += gap_between(ev, p, across) || gap_between(ev, p, spot_at(ev, hip));
    }
    return (float)open / STEPS;
}

// --- light ---

static float light_under(const image *photo, mask_box b)
{
    uint32_t histogram[256] = { 0 }, total = 0, seen = 0;
    for (uint32_t y = b.top; y < b.bottom; y++) {
        const uint8_t *px = image_at(photo, b.left, y);
        for (uint32_t x = b.left; x < b.right; x++, px += 3, total++) {
            histogram[(54 * px[0] + 183 * px[1] + 19 * px[2]) >> 8]++; // Rec. 709 luma
        }
    }
    uint32_t most = 0;
    while (most < 255 && (seen += histogram[most]) < total - total / 10) most++;
    return (float)most;
}

void verdict_look(const image *photo, const capture_evidence *ev, verdict_signs *out)
{
    static const int FEET[] = { LM_LEFT_ANKLE, LM_RIGHT_ANKLE, LM_LEFT_HEEL, LM_RIGHT_HEEL, LM_LEFT_TOE, LM_RIGHT_TOE };
    float height = fmaxf((float)(ev->bottom - ev->top), 1), foot = 0;
    for (size_t i = 0; i < sizeof FEET / sizeof *FEET; i++) foot = fmaxf(foot, ev->at[FEET[i]].y);
    spot shoulders = spot_middle(ev, LM_LEFT_SHOULDER, LM_RIGHT_SHOULDER),
         hips = spot_middle(ev, LM_LEFT_HIP, LM_RIGHT_HIP);
    spot ankles = spot_middle(ev, LM_LEFT_ANKLE, LM_RIGHT_ANKLE);
    spot lk = spot_at(ev, LM_LEFT_KNEE), rk = spot_at(ev, LM_RIGHT_KNEE);
    spot lc = spot_between(lk, spot_at(ev, LM_LEFT_ANKLE), 0.5f),
         rc = spot_between(rk, spot_at(ev, LM_RIGHT_ANKLE), 0.5f);
    float trunk_height = hips.y - shoulders.y;
    const float(*w)[3] = ev->world;
    *out = (verdict_signs){
        .foot_room = ((float)photo->height - foot) / height,
        .foot_depth = ((float)ev->bottom - foot) / height,
        .nose_depth = (ev->at[LM_NOSE].y - (float)ev->top) / height,
        .tilt_deg = fabsf(atan2f(hips.x - shoulders.x, trunk_height)) * DEGREES,
        .leg_ratio = (ankles.y - hips.y) / fmaxf(trunk_height, 1),
        .knee_deg = fmaxf(angle_at(w, LM_LEFT_HIP, LM_LEFT_KNEE, LM_LEFT_ANKLE),
                          angle_at(w, LM_RIGHT_HIP, LM_RIGHT_KNEE, LM_RIGHT_ANKLE)),
        .hip_deg = fmaxf(angle_at(w, LM_LEFT_SHOULDER, LM_LEFT_HIP, LM_LEFT_KNEE),
                         angle_at(w, LM_RIGHT_SHOULDER, LM_RIGHT_HIP, LM_RIGHT_KNEE)),
        .arm_gap = fminf(arm_gap(ev, LM_LEFT_SHOULDER, LM_LEFT_ELBOW, LM_LEFT_WRIST, LM_LEFT_HIP),
                         arm_gap(ev, LM_RIGHT_SHOULDER, LM_RIGHT_ELBOW, LM_RIGHT_WRIST, LM_RIGHT_HIP)),
        .knee_width = leg_width(ev, lk, rk) / height,
        .calf_width = leg_width(ev, lc, rc) / height,
        .light = light_under(photo, (mask_box){ ev->left, ev->top, ev->right, ev->bottom }),
    };
}

// --- judgement ---

// Refusals, gravest first: what hides the person before what spoils the measure.
static const struct {
    unsigned bit;
    const char *word, *sentence;
} VERDICTS[] = {
    { VERDICT_TOO_DARK, "too_dark",
      "This photo is too dark to measure. Take it in daylight or with the lights on, facing the light." },
    { VERDICT_NO_PERSON, "no_person",
      "We cannot find a person in this photo. Use one that shows you alone, standing, from head to feet." },
    { VERDICT_FEET_CUT, "feet_cut",
      "Your feet are cut off at the lower edge. Step back until your whole body is in the picture, feet included." },
    { VERDICT_HEAD_CUT, "head_cut",
      "Your head is cut off at the upper edge. Step back or tilt the camera up until all of you is in the picture." },
    { VERDICT_NOT_STANDING, "not_standing",
      "You are not standing upright in this photo. Stand straight with your legs stretched and your feet apart." },
    { VERDICT_TOO_SMALL, "too_small",
      "You are too small in this photo: under 180 pixels tall. Step closer or use the photo in its full resolution." },
    { VERDICT_SEVERAL_PEOPLE, "several_people", NULL },
    { VERDICT_NOT_FACING, "not_facing", NULL },
    { VERDICT_ARMS_TIGHT, "arms_tight", NULL },
    { VERDICT_LOOSE_CLOTHES, "loose_clothes", NULL },
    { VERDICT_DIM, "dim", NULL },
};
enum { VERDICT_COUNT = sizeof VERDICTS / sizeof *VERDICTS };

const char *capture_refusal(unsigned verdict)
{
    for (int i = 0; i < VERDICT_COUNT; i++) {
        if (verdict & VERDICTS[i].bit & VERDICT_REFUSED) return VERDICTS[i].sentence;
    }
    return NULL;
}

const char *capture_verdict_word(unsigned bit)
{
    for (int i = 0; i < VERDICT_COUNT; i++) {
        if (VERDICTS[i].bit == bit) return VERDICTS[i].word;
    }
    return NULL;
}

// Pixels of a person the networks' crops are not filled with: at 200 of them girths still stay within 2 % of those from
// twice as many.
enum { LEAST_HEIGHT = 180 };

// light: 0..255, as in verdict_signs. Below 40 the networks begin to lose feet and whole people.
static unsigned light_verdict(float light) { return light < 40 ? VERDICT_TOO_DARK : light < 80 ? VERDICT_DIM : 0; }

unsigned verdict_nobody(const image *photo)
{
    float light = light_under(photo, (mask_box){ 0, 0, photo->width, photo->height });
    return VERDICT_NO_PERSON | (light_verdict(light) & VERDICT_TOO_DARK);
}

// Whether clothes stand off the body. From the side both legs are one outline, 6 to 9 % of the height broad on bare
// legs, and the arms hide the trunk.
static bool loose(const verdict_signs *s, const capture_evidence *ev, capture_view view)
{
    return view == VIEW_SIDE ? fmaxf(s->knee_width, s->calf_width) > 0.0575f : ev->looseness > LOOSE_ENOUGH;
}

// Edges: on 300 dressed people with known outlines the mask's top lies 9.8 +- 1.4 % of the height above the nose and
// its bottom 2.2 +- 2.6 % below the lowest foot point.
unsigned verdict_judge(const verdict_signs *s, const capture_evidence *ev, const image *photo, capture_view view)
{
    unsigned v = 0;
    bool at_bottom = ev->bottom >= photo->height, at_top = ev->top == 0;
    // A wide lunge, one knee bent, is still no folded body (leg ratio 0.96, straighter hip 123 degrees).
    bool folded =
        s->leg_ratio < 0.7f || s->hip_deg < 105 || s->knee_deg < 105 || (s->leg_ratio < 1 && s->hip_deg < 115);
    // A body that meets the edge and looks folded is one of which the network had to guess the rest.
    if (s->foot_room < 0 || (at_bottom && (s->foot_room < 0.016f || folded))) v |= VERDICT_FEET_CUT;
    if (ev->at[LM_NOSE].y < 0 || (at_top && (s->nose_depth < 0.085f || folded))) v |= VERDICT_HEAD_CUT;
    if (ev->bottom - ev->top < LEAST_HEIGHT) v |= VERDICT_TOO_SMALL;
    v |= light_verdict(s->light);
    if (s->tilt_deg > 40 || (folded && !(v & (VERDICT_FEET_CUT | VERDICT_HEAD_CUT)))) v |= VERDICT_NOT_STANDING;
    if (ev->people > 1) v |= VERDICT_SEVERAL_PEOPLE;
    float wanted = view == VIEW_SIDE ? 90 : 0;
    if (fabsf(ev->facing_deg - wanted) > 40) v |= VERDICT_NOT_FACING;
    if (view == VIEW_FRONT && s->arm_gap < 0.25f) v |= VERDICT_ARMS_TIGHT;
    if (loose(s, ev, view)) v |= VERDICT_LOOSE_CLOTHES;
    return v;
}
