#include "tryon/tryon.h"
#include "avatar/avatar.h"
#include "base/mem.h"
#include "base/sandbox.h"

#include <stdio.h>
#include <string.h>

struct tryon {
    avatar_studio *studio;
};

struct tryon_avatar {
    avatar_files files;
};

static void tell(char why[TRYON_ERROR], const err *e) { snprintf(why, TRYON_ERROR, "%s", e->msg); }

tryon *tryon_open(const char *assets, int threads, char why[TRYON_ERROR])
{
    err e = { 0 };
    avatar_studio *studio = sandbox_start(&e) ? avatar_studio_open(assets, threads, &e) : NULL;
    if (!studio) {
        tell(why, &e);
        return NULL;
    }
    tryon *t = mem_new(1, sizeof *t);
    t->studio = studio;
    return t;
}

void tryon_close(tryon *t)
{
    if (!t) return;
    avatar_studio_close(t->studio);
    mem_free(t);
}

static bool read_person(const tryon_person *p, avatar_request *q, err *e)
{
    *q = (avatar_request){ .sex = SEX_NEUTRAL,
                           .answers = { p->height_cm / 100, p->weight_kg, p->age },
                           .front = p->front,
                           .side = p->side,
                           .front_bytes = p->front_bytes,
                           .side_bytes = p->side_bytes };
    if (p->sex && strcmp(p->sex, "female") == 0)
        q->sex = SEX_FEMALE;
    else if (p->sex && strcmp(p->sex, "male") == 0)
        q->sex = SEX_MALE;
    else if (p->sex)
        return fail(e, ERR_INPUT, "sex is \"female\", \"male\" or NULL, not \"%s\"", p->sex);
    for (size_t i = 0; i < p->tapes; i++) {
        int k = tape_find(p->tape[i].key);
        if (k < 0) return fail(e, ERR_INPUT, "there is no measurement \"%s\"", p->tape[i].key);
        q->tape[k] = p->tape[i].cm / 100;
    }
    return true;
}

tryon_avatar *tryon_make(tryon *t, const tryon_person *p, char why[TRYON_ERROR])
{
    err e = { 0 };
    avatar_request q;
    avatar_files files;
    if (!read_person(p, &q, &e) || !avatar_make(t->studio, &q, &files, &e)) {
        tell(why, &e);
        return NULL;
    }
    tryon_avatar *a = mem_new(1, sizeof *a);
    a->files = files;
    return a;
}

void tryon_avatar_free(tryon_avatar *a)
{
    if (!a) return;
    avatar_files_free(&a->files);
    mem_free(a);
}

int tryon_measured(const tryon_avatar *a, const char *key, tryon_interval *out)
{
    int k = tape_find(key);
    if (k < 0) return 0;
    const estimate_result *r = &a->files.estimate;
    *out = (tryon_interval){ 100 * r->value[k], 100 * r->sd[k], 100 * r->lo[k], 100 * r->hi[k] };
    return 1;
}

const char *tryon_key(size_t i) { return i < TAPE_COUNT ? tape_key[i] : NULL; }

const void *tryon_file(const tryon_avatar *a, const char *name, size_t *bytes)
{
    const struct {
        const char *name;
        const buf *file;
    } files[] = { { "avatar.glb", &a->files.glb },
                  { "avatar.web.glb", &a->files.web_glb },
                  { "params.npz", &a->files.params },
                  { "measurements.json", &a->files.measurements },
                  { "preview.png", &a->files.preview } };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(name, files[i].name) != 0) continue;
        *bytes = files[i].file->len;
        return files[i].file->data;
    }
    *bytes = 0;
    return NULL;
}
