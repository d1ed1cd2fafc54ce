#include "hmr2/people.h"
#include "base/io.h"
#include "base/mem.h"
#include "capture/detect.h"
#include "capture/landmarks.h"

#include <math.h>
#include <string.h>

// Of the landmark network and of a pixel of its mask. The detector proposes generously: the other has the last word.
static const float SEEN = 0.5f, PROPOSED = 0.3f;
// Of the smaller box inside another: two detections of one person.
static const double SAME = 0.6;

struct hmr2_finder {
    nn_session *detector, *landmarker;
};

static nn_session *open_network(const char *assets, const char *name, int threads, err *e)
{
    char path[1024];
    if (!io_join(path, sizeof path, assets, name))
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", assets), NULL;
    return nn_open(path, threads, e);
}

// The mask's bounds in the picture; false when the network sees nobody in roi.
static bool bounds(nn_session *landmarker, const image *im, const image_roi *roi, double box[4], bool *seen, err *e)
{
    *seen = false;
    if (!isfinite(roi->cx) || !isfinite(roi->cy) || !isfinite(roi->rot) || !(roi->size >= 1 && roi->size <= 1e6f)) {
        return true;
    }
    float *crop = mem_array(float, (size_t)POSE_SIDE *POSE_SIDE * 3);
    pose *p = mem_new(1, sizeof *p);
    image_sample_roi(im, roi, POSE_SIDE, BORDER_REPLICATE, 1.0f / 255, 0, crop);
    bool ok = pose_run(landmarker, crop, p, e);
    double lo[2] = { 1e9, 1e9 }, hi[2] = { -1e9, -1e9 };
    for (size_t i = 0; ok && p->flag > SEEN && i < (size_t)POSE_SIDE * POSE_SIDE; i++) {
        if (!(p->mask[i] > SEEN)) continue;
        float x, y;
        pose_point(roi, ((float)(i % POSE_SIDE) + 0.5f) / POSE_SIDE, ((float)(i / POSE_SIDE) + 0.5f) / POSE_SIDE, &x,
                   &y);
        lo[0] = fmin(lo[0], (double)x), lo[1] = fmin(lo[1], (double)y);
        hi[0] = fmax(hi[0], (double)x), hi[1] = fmax(hi[1], (double)y);
    }
    double size[2] = { im->width, im->height };
    for (int i = 0; i < 2; i++) {
        box[i] = fmax(lo[i], 0);
        box[2 + i] = fmin(hi[i], size[i]);
    }
    *seen = ok && box[2] - box[0] >= 2 && box[3] - box[1] >= 2;
    mem_free(crop);
    mem_free(p);
    return ok;
}

static double area(const double b[4]) { return fmax(b[2] - b[0], 0) * fmax(b[3] - b[1], 0); }

static bool same_person(const double a[4], const double b[4])
{
    double both[4] = { fmax(a[0], b[0]), fmax(a[1], b[1]), fmin(a[2], b[2]), fmin(a[3], b[3]) };
    // One inside the other is a child before a parent, unless they are of about the same size.
    double common = area(both), larger = fmax(area(a), area(b));
    return common > SAME * larger;
}

static bool detect(nn_session *detector, const image *im, detection *people, int *count, err *e)
{
    image_roi square = detect_letterbox(im->width, im->height);
    float *crop = mem_array(float, (size_t)DETECT_SIDE *DETECT_SIDE * 3);
    image_sample_roi(im, &square, DETECT_SIDE, BORDER_ZERO, 2.0f / 255, -1, crop);
    bool ok = detect_run(detector, crop, NULL, PROPOSED, people, count, e);
    mem_free(crop);
    if (!ok) return false;
    detect_unletterbox(people, *count, im->width, im->height);
    for (int i = 1; i < *count; i++) // few of them; equal weights keep their order
        for (int k = i; k > 0 && detect_weight(&people[k - 1], im->width) < detect_weight(&people[k], im->width); k--) {
            detection d = people[k];
            people[k] = people[k - 1];
            people[k - 1] = d;
        }
    return true;
}

hmr2_finder *hmr2_finder_open(const char *assets, int threads, err *e)
{
    hmr2_finder *f = mem_new(1, sizeof *f);
    f->detector = open_network(assets, "pose_detection.onnx", threads, e);
    if (f->detector) f->landmarker = open_network(assets, "pose_landmark_heavy.onnx", threads, e);
    if (f->landmarker) return f;
    hmr2_finder_close(f);
    return NULL;
}

void hmr2_finder_close(hmr2_finder *f)
{
    if (!f) return;
    nn_close(f->detector);
    nn_close(f->landmarker);
    mem_free(f);
}

bool hmr2_find_people(const hmr2_finder *f, const image *im, double box[][4], int *count, err *e)
{
    detection people[DETECT_MAX];
    int found = 0;
    *count = 0;
    bool ok = detect(f->detector, im, people, &found, e);
    for (int i = 0; ok && i < found && *count < HMR2_PEOPLE_MAX; i++) {
        image_roi roi = detect_roi(people[i].at[0], people[i].at[1]);
        bool seen, known = false;
        ok = bounds(f->landmarker, im, &roi, box[*count], &seen, e);
        for (int k = 0; k < *count; k++) known = known || same_person(box[k], box[*count]);
        if (ok && seen && !known) ++*count;
    }
    if (ok && *count == 0) {
        ok = fail(e, ERR_INPUT, "nobody was found in the picture; tell where the person is with --bbox x0,y0,x1,y1");
    }
    return ok;
}
