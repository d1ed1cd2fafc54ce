/* libtryon: a body from a photo and a height, as a C library. Link with -ltryon; this header needs nothing else.
 *
 *     char why[TRYON_ERROR];
 *     tryon *t = tryon_open("build/assets", 2, why);
 *     tryon_person p = { .height_cm = 170, .weight_kg = 64, .sex = "female", .front = jpeg, .front_bytes = n };
 *     tryon_avatar *a = tryon_make(t, &p, why);
 *     tryon_interval chest;
 *     if (a && tryon_measured(a, "chest_girth", &chest)) printf("%.1f cm\n", chest.value_cm);
 *
 * Centimetres, kilograms, years. A function that can fail returns NULL or 0 and writes one sentence to why. */
#ifndef TRYON_H
#define TRYON_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRYON_API __attribute__((visibility("default")))
enum { TRYON_ERROR = 320 };

typedef struct tryon tryon;
typedef struct tryon_avatar tryon_avatar;

/* assets: the folder that script/build fills. threads: for the networks; results do not depend on it. Call it before
 * the program starts threads: it forks the process that will decode photos. One tryon serves one thread at a time. */
TRYON_API tryon *tryon_open(const char *assets, int threads, char why[TRYON_ERROR]);
TRYON_API void tryon_close(tryon *t);

typedef struct {
    const char *key; /* "waist_natural_girth", see tryon_key */
    double cm;
} tryon_tape;

typedef struct {
    double height_cm;         /* required */
    double weight_kg, age;    /* 0: not told */
    const char *sex;          /* "female", "male" or NULL */
    const void *front, *side; /* encoded photos (JPEG, PNG, WebP), NULL: none; a side photo needs a front one */
    size_t front_bytes, side_bytes;
    const tryon_tape *tape; /* measurements taken with a tape */
    size_t tapes;
} tryon_person;

TRYON_API tryon_avatar *tryon_make(tryon *t, const tryon_person *p, char why[TRYON_ERROR]);
TRYON_API void tryon_avatar_free(tryon_avatar *a);

typedef struct {
    double value_cm, sd_cm, lo_cm, hi_cm; /* lo..hi holds 90 % */
} tryon_interval;

/* 0 when there is no such measurement. */
TRYON_API int tryon_measured(const tryon_avatar *a, const char *key, tryon_interval *out);
/* The i-th measurement's key, NULL past the last. */
TRYON_API const char *tryon_key(size_t i);
/* "avatar.glb", "avatar.web.glb", "params.npz", "measurements.json" or "preview.png"; the bytes live as long as a. */
TRYON_API const void *tryon_file(const tryon_avatar *a, const char *name, size_t *bytes);

#ifdef __cplusplus
}
#endif
#endif
