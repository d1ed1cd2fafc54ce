// The one door between the service and the pipeline: what a job's body is given and what it gives back. The service
// knows no geometry; whoever assembles the program (cli/) fills this table from lib/.
#pragma once
#include "base/buf.h"

typedef struct {
    const char *job_id;
    const char *answers; // JSON: {"height_cm": …, "weight_kg"?, "sex"?, "age"?, "tape"?: {"chest_girth": cm, …}}
    const uint8_t *front, *side; // photos as uploaded; NULL for none
    size_t front_len, side_len;
    const uint8_t *params; // the avatar's params.npz of before a correction, when its photos are gone; NULL for none
    size_t params_len;
    // Tells how far it is, 0 … 1, and asks whether to go on: false means the result is no longer wanted.
    bool (*progress)(void *ctx, double fraction, const char *stage);
    void *progress_ctx;
} job_avatar_in;

typedef struct {
    // avatar.glb, params.npz, measurements.json, preview.png, and avatar.web.glb (may be empty)
    buf glb, params, measurements, preview, web_glb;
} job_avatar_out;

typedef struct {
    const char *job_id;
    const uint8_t *params, *avatar; // the avatar's params.npz and avatar.glb
    size_t params_len, avatar_len;
    const uint8_t *garment; // GLB of the size, or NULL: drafted from category and chart
    size_t garment_len;
    const char *category, *fabric, *size, *size_chart, *measurements; // the last two JSON; may be NULL
    bool (*progress)(void *ctx, double fraction, const char *stage);
    void *progress_ctx;
} job_drape_in;

typedef struct {
    // tryon.glb, garment.glb (the garment alone), drape.bin (empty when the sizes do not share a mesh), fit.json
    buf glb, garment, bin, fit;
} job_drape_out;

// A garment judged, and shown on a row of bodies that are nobody's: what a brand looks at before it sells.
typedef struct {
    const char *job_id;
    const char *name, *category, *fabric, *size_chart; // the last JSON; fabric may be NULL
    const char *size;                                  // on every body; NULL: on each the size that fits it best
    const char *const *mesh_size; // [mesh_count] sizes that have a GLB of the brand's; without, all are drafted
    int mesh_count;
    bool (*mesh)(void *ctx, int which, buf *glb, err *e); // brings the bytes of one
    void *mesh_ctx;
    bool (*progress)(void *ctx, double fraction, const char *stage);
    void *progress_ctx;
} job_preview_in;

typedef struct {
    buf sheet, report; // PNG; {"findings": ["…"], "sizes": {"M": {…}}, "bodies": [{"label", "size", "says", "ok"}]}
} job_preview_out;

// Each returns false with *e: ERR_INPUT when the person's input is at fault (told to her, not tried again), anything
// else when another attempt may succeed. Called from several threads at once. A NULL member means the program was put
// together without it.
typedef struct {
    bool (*avatar)(void *ctx, const job_avatar_in *in, job_avatar_out *out, err *e);
    bool (*drape)(void *ctx, const job_drape_in *in, job_drape_out *out, err *e);
    bool (*preview)(void *ctx, const job_preview_in *in, job_preview_out *out, err *e);
    // Every size of a chart scored for these measurements (measurements.json): appends fit.json, without blanks.
    // Milliseconds, not a job. preference: snug, regular, loose, or NULL.
    bool (*fit)(void *ctx, const char *measurements, const char *category, const char *fabric, const char *size_chart,
                const char *preference, buf *fit_json, err *e);
    void *ctx;
} job_handlers;
