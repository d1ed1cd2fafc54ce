#include "capture/capture.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "capture/detect.h"
#include "capture/landmarks.h"
#include "capture/looseness.h"
#include "capture/mask.h"
#include "capture/verdict.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// Below the detector's usual 0.5: a large person in the middle often scores less than a small one far behind; the
// landmark network's own flag has the last word.
static const float DETECT_THRESHOLD = 0.3f;
static const float POSE_THRESHOLD = 0.5f;
static const float OTHERS_SCORE = 0.5f, OTHERS_SIZE = 0.4f; // who else counts as a person, against the one chosen
// The second pass sees the photo brought to the scale at which its crop has so many pixels, and softened: what it sees
// then hardly depends on the photo's resolution, nor on the blocks and the ringing of JPEG.
static const float CLOSE_SIDE = 420;
enum { CANDIDATES = 3, LOOKS = 3 };
static const float wider[LOOKS] = { 1, 1.06f, 1.12f }; // the crops of the second pass

struct capture {
    nn_session *detector, *landmarker;
    pool *threads;
};

capture *capture_open(const capture_options *options, err *e)
{
    int threads = options->threads > 0 ? options->threads : 1;
    char detector[1024], landmarker[1024];
    if (!io_join(detector, sizeof detector, options->assets, "pose_detection.onnx") ||
        !io_join(landmarker, sizeof landmarker, options->assets, "pose_landmark_heavy.onnx")) {
        fail(e, ERR_INPUT, "the path of the assets folder is too long");
        return NULL;
    }
    capture *c = mem_new(1, sizeof *c);
    c->threads = pool_new(threads);
    c->detector = nn_open(detector, threads, e);
    if (c->detector) c->landmarker = nn_open(landmarker, threads, e);
    if (c->landmarker) return c;
    capture_close(c);
    return NULL;
}

void capture_close(capture *c)
{
    if (!c) return;
    nn_close(c->detector);
    nn_close(c->landmarker);
    pool_free(c->threads);
    mem_free(c);
}

void capture_evidence_free(capture_evidence *ev)
{
    image_free(&ev->mask);
    image_free(&ev->soft_mask);
    *ev = (capture_evidence){ 0 };
}

void capture_mirror(const capture_evidence *ev, capture_evidence *out)
{
    *out = *ev;
    float width = (float)ev->mask.width;
    out->mask = image_mirror(&ev->mask);
    out->soft_mask = ev->soft_mask.px ? image_mirror(&ev->soft_mask) : (image){ 0 };
    out->left = ev->mask.width - ev->right;
    out->right = ev->mask.width - ev->left;
    out->roi.cx = width - ev->roi.cx;
    out->roi.rot = -ev->roi.rot;
    for (int k = 0; k < CAPTURE_LANDMARKS; k++) {
        int from = pose_opposite[k];
        out->at[k] = ev->at[from];
        out->at[k].x = width - ev->at[from].x;
        memcpy(out->world[k], ev->world[from], sizeof out->world[k]);
        out->world[k][0] = -ev->world[from][0];
    }
}

// Everyone in the photo, in pixels, the one it is of first. turned: its mirror image.
static bool find_people(const capture *c, const image *photo, const image *turned, detection people[DETECT_MAX],
                        int *count, err *e)
{
    image_roi square = detect_letterbox(photo->width, photo->height);
    size_t n = (size_t)DETECT_SIDE * DETECT_SIDE * 3;
    float *crop = mem_array(float, 2 * n), *mirrored = crop + n;
    image_sample_roi(photo, &square, DETECT_SIDE, BORDER_ZERO, 2.0f / 255, -1, crop);
    image_sample_roi(turned, &square, DETECT_SIDE, BORDER_ZERO, 2.0f / 255, -1, mirrored);
    bool ok = detect_run(c->detector, crop, mirrored, DETECT_THRESHOLD, people, count, e);
    mem_free(crop);
    if (!ok) return false;
    detect_unletterbox(people, *count, photo->width, photo->height);
    for (int i = 1; i < *count; i++) { // insertion sort: few, and equal weights keep their order
        detection d = people[i];
        int k = i;
        for (; k > 0 && detect_weight(&people[k - 1], photo->width) < detect_weight(&d, photo->width); k--) {
            people[k] = people[k - 1];
        }
        people[k] = d;
    }
    return true;
}

// Those whose hips lie in box come first, nearest to its middle before others. Returns how many they are.
static int put_first(detection *people, int count, const double box[4])
{
    detection others[DETECT_MAX];
    double off[DETECT_MAX];
    int n = 0, rest = 0;
    for (int i = 0; i < count; i++) {
        detection d = people[i];
        double x = (double)d.at[0][0], y = (double)d.at[0][1];
        if (!(x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3])) {
            others[rest++] = d;
            continue;
        }
        double away = hypot(x - (box[0] + box[2]) / 2, y - (box[1] + box[3]) / 2);
        int k = n++;
        for (; k > 0 && off[k - 1] > away; k--) people[k] = people[k - 1], off[k] = off[k - 1];
        people[k] = d;
        off[k] = away;
    }
    for (int i = 0; i < rest; i++) people[n + i] = others[i];
    return n;
}

static bool usable(const image_roi *r)
{
    return isfinite(r->cx) && isfinite(r->cy) && isfinite(r->rot) && r->size >= 1 && r->size <= 1e6f;
}

// Looks at roi and at its mirror image, and takes the mean, which is free of the network's left-right bias: what is
// seen in a mirrored photo is what is seen in the photo, mirrored. turned: the photo's mirror image; sampling it anew
// rather than turning the crop keeps sampling's own grid out of it too.
static bool look(const capture *c, const image *photo, const image *turned, const image_roi *roi, pose *out, err *e)
{
    float *crop = mem_array(float, (size_t)POSE_SIDE *POSE_SIDE * 3);
    image_roi other = { (float)photo->width - roi->cx, roi->cy, roi->size, -roi->rot };
    pose *mirrored = mem_new(1, sizeof *mirrored);
    image_sample_roi(photo, roi, POSE_SIDE, BORDER_REPLICATE, 1.0f / 255, 0, crop);
    bool ok = pose_run(c->landmarker, crop, out, e);
    if (ok) {
        image_sample_roi(turned, &other, POSE_SIDE, BORDER_REPLICATE, 1.0f / 255, 0, crop);
        ok = pose_run(c->landmarker, crop, mirrored, e);
    }
    if (ok) {
        pose_mirror(mirrored);
        pose_mix(out, mirrored, 0.5f);
    }
    mem_free(mirrored);
    mem_free(crop);
    return ok;
}

// The second pass: looks at roi and at wider crops. What the network sees of a person depends on the grain of the crop
// by as much as on hers; several of them have less of it.
static bool look_often(const capture *c, const image *photo, const image *turned, const image_roi *roi, pose *out,
                       err *e)
{
    pose *one = mem_new(1, sizeof *one);
    bool ok = look(c, photo, turned, roi, out, e);
    for (int i = 1; ok && i < LOOKS; i++) {
        image_roi crop = *roi;
        crop.size *= wider[i];
        ok = look(c, photo, turned, &crop, one, e);
        pose_narrow(one, wider[i]);
        pose_mix(out, one, 1 / (float)(i + 1));
    }
    mem_free(one);
    return ok;
}

// The first pass: the best candidate in whom the landmark network sees a person too. *chosen -1 when there is none.
static bool choose(const capture *c, const image *photo, const image *turned, const detection *people, int count,
                   int *chosen, image_roi *roi, pose *p, err *e)
{
    *chosen = -1;
    for (int i = 0; i < count && i < CANDIDATES; i++) {
        *roi = detect_roi(people[i].at[0], people[i].at[1]);
        if (!usable(roi)) continue;
        if (!look(c, photo, turned, roi, p, e)) return false;
        image_roi second;
        if (!(p->flag > POSE_THRESHOLD) || !mask_roi(p->mask, POSE_SIDE, roi, &second) || !usable(&second)) continue;
        *roi = second;
        *chosen = i;
        return true;
    }
    return true;
}

static void fill_points(const pose *p, capture_evidence *ev)
{
    ev->score = p->flag;
    for (int k = 0; k < CAPTURE_LANDMARKS; k++) {
        capture_landmark *l = &ev->at[k];
        pose_point(&ev->roi, p->at[k][0], p->at[k][1], &l->x, &l->y);
        l->z = p->at[k][2] * ev->roi.size;
        l->visibility = p->visibility[k];
        l->presence = p->presence[k];
        pose_world(&ev->roi, p->world[k], ev->world[k]);
    }
}

static int count_people(const detection *people, int count, int chosen)
{
    int n = 1;
    float size = detect_roi(people[chosen].at[0], people[chosen].at[1]).size;
    for (int i = 0; i < count; i++) {
        n += i != chosen && people[i].score >= OTHERS_SCORE &&
             detect_roi(people[i].at[0], people[i].at[1]).size >= OTHERS_SIZE * size;
    }
    return n;
}

static uint32_t scaled(uint32_t side, float scale) { return (uint32_t)fmaxf(roundf((float)side * scale), 1); }

// The second pass and the outline, which is snapped to the photo's own edges.
static bool look_closely(const capture *c, const image *photo, pose *p, capture_evidence *ev, err *e)
{
    float scale = fminf(CLOSE_SIDE / ev->roi.size, 1);
    image small = image_resize(photo, scaled(photo->width, scale), scaled(photo->height, scale));
    image near = image_soften(&small), turned = image_mirror(&near);
    scale = (float)small.height / (float)photo->height;
    image_roi roi = { ev->roi.cx * (float)small.width / (float)photo->width, ev->roi.cy * scale, ev->roi.size * scale,
                      ev->roi.rot };
    bool ok = look_often(c, &near, &turned, &roi, p, e);
    if (ok) mask_refine(photo, p->mask, POSE_SIDE, &ev->roi, c->threads, &ev->soft_mask, &ev->mask);
    image_free(&small);
    image_free(&near);
    image_free(&turned);
    return ok;
}

static bool examine(const capture *c, const image *photo, const image *turned, capture_view view, const double *box,
                    pose *p, capture_evidence *ev, err *e)
{
    detection people[DETECT_MAX];
    int count, chosen;
    if (!find_people(c, photo, turned, people, &count, e)) return false;
    int meant = box ? put_first(people, count, box) : count;
    if (!choose(c, photo, turned, people, meant, &chosen, &ev->roi, p, e)) return false;
    if (chosen >= 0) {
        if (!look_closely(c, photo, p, ev, e)) return false;
        mask_box b = mask_bounds(ev->mask.px, photo->width, photo->height);
        ev->left = b.left, ev->top = b.top, ev->right = b.right, ev->bottom = b.bottom;
        fill_points(p, ev);
        ev->people = count_people(people, count, chosen);
        ev->facing_deg = verdict_facing_deg(ev->world);
    } else {
        ev->mask = image_new(photo->width, photo->height, 1);
        ev->soft_mask = image_new(photo->width, photo->height, 1);
    }
    if (!ev->bottom) {
        ev->verdict = verdict_nobody(photo);
        return true;
    }
    if (view == VIEW_FRONT) ev->looseness = loose_judge_photo(ev);
    verdict_signs signs;
    verdict_look(photo, ev, &signs);
    ev->verdict = verdict_judge(&signs, ev, photo, view);
    return true;
}

bool capture_examine(capture *c, const image *photo, capture_view view, capture_evidence *out, err *e)
{
    return capture_examine_person(c, photo, view, NULL, out, e);
}

bool capture_examine_person(capture *c, const image *photo, capture_view view, const double box[4],
                            capture_evidence *out, err *e)
{
    assert(photo->channels == 3 && photo->width && photo->height);
    capture_evidence ev = { 0 };
    pose *p = mem_new(1, sizeof *p);
    image turned = image_mirror(photo);
    bool ok = examine(c, photo, &turned, view, box, p, &ev, e);
    image_free(&turned);
    mem_free(p);
    if (ok)
        *out = ev;
    else
        capture_evidence_free(&ev);
    return ok;
}
