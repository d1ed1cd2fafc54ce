#include "testworld/wardrobe.h"
#include "base/limits.h"
#include "base/mem.h"

#include <jansson.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

static const float DECIMETRE = 0.1f;

// Items that MakeHuman itself released as CC0 in September 2020.
static const char *const hair_names[HAIR_STYLES] = { "bob01",   "bob02",   "ponytail01", "afro01",
                                                     "short01", "short02", "short03",    "short04" };
static const char *const skin_ages[3] = { "young", "middleage", "old" };
static const char *const skin_kinds[3] = { "african", "asian", "caucasian" };

static json_t *read_json(const char *path, err *e)
{
    buf text = buf_new(16 * MIB);
    json_error_t why;
    json_t *root = NULL;
    if (io_read(path, &text, e)) {
        root = json_loadb((const char *)text.data, text.len, 0, &why);
        if (!root) fail(e, ERR_INPUT, "%s is not JSON: %s at line %d", path, why.text, why.line);
    }
    buf_free(&text);
    return root;
}

// With its transparency, which image_load lays on white.
static bool read_texture(const char *path, image *out, err *e)
{
    png_image png = { .version = PNG_IMAGE_VERSION };
    if (!png_image_begin_read_from_file(&png, path) || png.width > 4096 || png.height > 4096) {
        png_image_free(&png);
        return fail(e, ERR_INPUT, "%s cannot be read as a texture: %s", path, png.message);
    }
    png.format = PNG_FORMAT_RGBA;
    *out = image_new(png.width, png.height, 4);
    if (png_image_finish_read(&png, NULL, out->px, 0, NULL)) return true;
    image_free(out);
    return fail(e, ERR_INPUT, "%s cannot be read as a texture: %s", path, png.message);
}

static float number(const json_t *list, size_t i) { return (float)json_number_value(json_array_get(list, i)); }

static bool read_points(proxy *p, const json_t *root, const char *path, err *e)
{
    const json_t *ref = json_object_get(root, "ref_vIdxs"), *weight = json_object_get(root, "weights"),
                 *offset = json_object_get(root, "offsets");
    p->points = (uint32_t)json_array_size(ref);
    if (p->points == 0 || json_array_size(weight) != p->points || json_array_size(offset) != p->points) {
        return fail(e, ERR_INPUT, "%s does not say where its points are", path);
    }
    p->ref = mem_array(uint32_t, 3 * (size_t)p->points);
    p->weight = mem_array(float, 3 * (size_t)p->points);
    p->offset = mem_array(vec3, p->points);
    for (size_t i = 0; i < p->points; i++) {
        const json_t *r = json_array_get(ref, i), *w = json_array_get(weight, i), *o = json_array_get(offset, i);
        for (size_t k = 0; k < 3; k++) {
            json_int_t id = json_integer_value(json_array_get(r, k));
            if (id < 0 || id >= MH_POINTS) return fail(e, ERR_INPUT, "%s refers to a point out of range", path);
            p->ref[3 * i + k] = (uint32_t)id;
            p->weight[3 * i + k] = number(w, k);
        }
        p->offset[i] = v3_scale(v3(number(o, 0), number(o, 1), number(o, 2)), DECIMETRE);
    }
    return true;
}

static bool read_faces(proxy *p, const json_t *root, const char *path, err *e)
{
    enum { RECORD = 10, QUAD_WITH_MATERIAL_AND_UV = 11 };
    static const uint32_t fan[6] = { 0, 1, 2, 0, 2, 3 };
    const json_t *faces = json_object_get(root, "faces"), *uvs = json_array_get(json_object_get(root, "uvs"), 0);
    p->quads = (uint32_t)(json_array_size(faces) / RECORD);
    p->corner = mem_array(uint32_t, 4 * (size_t)p->quads);
    p->uv = mem_array(vec2, 4 * (size_t)p->quads);
    p->triangle = mem_array(uint32_t, 6 * (size_t)p->quads);
    for (size_t f = 0; f < p->quads; f++) {
        json_int_t r[RECORD];
        for (size_t k = 0; k < RECORD; k++) r[k] = json_integer_value(json_array_get(faces, f * RECORD + k));
        if (r[0] != QUAD_WITH_MATERIAL_AND_UV) return fail(e, ERR_INPUT, "%s has a face that is no quad", path);
        for (size_t k = 0; k < 4; k++) {
            if (r[1 + k] < 0 || r[1 + k] >= p->points || r[6 + k] < 0 ||
                2 * (size_t)r[6 + k] + 1 >= json_array_size(uvs)) {
                return fail(e, ERR_INPUT, "%s has a face with an index out of range", path);
            }
            p->corner[4 * f + k] = (uint32_t)r[1 + k];
            size_t at = 2 * (size_t)r[6 + k];
            p->uv[4 * f + k] = (vec2){ number(uvs, at), 1 - number(uvs, at + 1) };
        }
        for (size_t k = 0; k < 6; k++) p->triangle[6 * f + k] = (uint32_t)(4 * f) + fan[k];
    }
    return true;
}

static void find_near(proxy *p, const mh_source *s)
{
    const vec3 *base = mh_base(s);
    const uint8_t *label = mh_labels(s);
    vec3 *at = mem_array(vec3, p->points);
    proxy_on_donor(p, base, at);
    p->near = mem_array(uint32_t, PROXY_NEAR * (size_t)p->points);
    p->near_share = mem_array(float, PROXY_NEAR *(size_t)p->points);
    for (size_t i = 0; i < p->points; i++) {
        uint32_t *id = p->near + PROXY_NEAR * i;
        float *share = p->near_share + PROXY_NEAR * i, distance[PROXY_NEAR], sum = 0;
        for (int k = 0; k < PROXY_NEAR; k++) distance[k] = INFINITY;
        for (uint32_t v = 0; v < MH_BODY_VERTICES; v++) {
            if (label[v] != JOINT_HEAD && label[v] != JOINT_NECK) continue; // hair that hangs goes with the head
            float d = v3_dist(base[v], at[i]);
            if (d >= distance[PROXY_NEAR - 1]) continue;
            int k = PROXY_NEAR - 1;
            for (; k > 0 && distance[k - 1] > d; k--) distance[k] = distance[k - 1], id[k] = id[k - 1];
            distance[k] = d, id[k] = v;
        }
        for (int k = 0; k < PROXY_NEAR; k++) sum += share[k] = 1 / (distance[k] + 0.004f);
        for (int k = 0; k < PROXY_NEAR; k++) share[k] /= sum;
    }
    mem_free(at);
}

static bool read_proxy(proxy *p, const mh_source *s, const char *makehuman, const char *kind, const char *name,
                       const char *texture, err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/public/data/proxies/%s/%s/%s.json", makehuman, kind, name, name);
    json_t *root = read_json(path, e);
    bool ok = root && read_points(p, root, path, e) && read_faces(p, root, path, e);
    json_decref(root);
    if (!ok) return false;
    snprintf(path, sizeof path, "%s/public/data/proxies/%s/%s/textures/%s", makehuman, kind, name, texture);
    if (!read_texture(path, &p->texture, e)) return false;
    find_near(p, s);
    return true;
}

static bool read_skin(const char *makehuman, const char *name, image *out, err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/public/data/skins/%s/%s.json", makehuman, name, name);
    json_t *root = read_json(path, e);
    const char *texture = root ? json_string_value(json_object_get(root, "mapDiffuse")) : NULL;
    if (root && !texture) fail(e, ERR_INPUT, "%s names no texture", path);
    if (texture) snprintf(path, sizeof path, "%s/public/data/skins/%s/%s", makehuman, name, texture);
    bool ok = texture && read_texture(path, out, e);
    json_decref(root);
    return ok;
}

static bool read_all(wardrobe *w, const char *makehuman, const char *tables, err *e)
{
    w->source = mh_open(makehuman, tables, e);
    if (!w->source) return false;
    w->detail = body_detail_new(w->source);
    for (int i = 0; i < HAIR_STYLES; i++) {
        char texture[64];
        snprintf(texture, sizeof texture, "%s_diffuse.png",
                 strcmp(hair_names[i], "afro01") == 0 ? "afro" : hair_names[i]);
        if (!read_proxy(&w->hair[i], w->source, makehuman, "hair", hair_names[i], texture, e)) return false;
    }
    for (int sex = 0; sex < 2; sex++)
        for (int i = 0; i < SKINS_PER_SEX; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s_%s_%s", skin_ages[i / 3], skin_kinds[i % 3], body_sex_word((body_sex)sex));
            if (!read_skin(makehuman, name, &w->skin[sex][i], e)) return false;
        }
    return read_proxy(&w->eyes, w->source, makehuman, "eyes", "Low-Poly", "brown_eye.png", e) &&
           read_proxy(&w->brows, w->source, makehuman, "eyebrows", "eyebrow001", "eyebrow001.png", e) &&
           read_proxy(&w->lashes, w->source, makehuman, "eyelashes", "Eyelashes01", "eyelashes01.png", e);
}

wardrobe *wardrobe_open(const char *makehuman, const char *tables, err *e)
{
    wardrobe *w = mem_new(1, sizeof *w);
    if (read_all(w, makehuman, tables, e)) return w;
    wardrobe_close(w);
    return NULL;
}

static void proxy_free(proxy *p)
{
    mem_free(p->ref);
    mem_free(p->weight);
    mem_free(p->offset);
    mem_free(p->near);
    mem_free(p->near_share);
    mem_free(p->corner);
    mem_free(p->uv);
    mem_free(p->triangle);
    image_free(&p->texture);
}

void wardrobe_close(wardrobe *w)
{
    if (!w) return;
    for (int i = 0; i < HAIR_STYLES; i++) proxy_free(&w->hair[i]);
    proxy_free(&w->eyes);
    proxy_free(&w->brows);
    proxy_free(&w->lashes);
    for (int i = 0; i < 2 * SKINS_PER_SEX; i++) image_free(&w->skin[i / SKINS_PER_SEX][i % SKINS_PER_SEX]);
    body_detail_free(w->detail);
    mh_close(w->source);
    mem_free(w);
}

void proxy_on_donor(const proxy *p, const vec3 *donor, vec3 *out)
{
    for (size_t i = 0; i < p->points; i++) {
        out[i] = p->offset[i];
        for (size_t k = 0; k < 3; k++) out[i] = v3_mad(out[i], donor[p->ref[3 * i + k]], p->weight[3 * i + k]);
    }
}

void proxy_on_body(const proxy *p, const body_model *m, const vec3 *donor_points, const vec3 *donor, const vec3 *shaped,
                   const rigid *world, vec3 *out)
{
    for (size_t i = 0; i < p->points; i++) {
        vec3 moved = donor_points[i], sum = { 0 };
        const uint32_t *id = p->near + PROXY_NEAR * i;
        const float *share = p->near_share + PROXY_NEAR * i;
        for (int k = 0; k < PROXY_NEAR; k++) moved = v3_mad(moved, v3_sub(shaped[id[k]], donor[id[k]]), share[k]);
        for (int k = 0; k < PROXY_NEAR; k++)
            for (size_t q = 0; q < 4; q++) {
                float weight = share[k] * m->skin_weight[4 * (size_t)id[k] + q];
                if (weight == 0) continue;
                sum = v3_mad(sum, rigid_apply(&world[m->skin_joint[4 * (size_t)id[k] + q]], moved), weight);
            }
        out[i] = sum;
    }
}

void proxy_corners(const proxy *p, const vec3 *points, vec3 *position, vec3 *normal)
{
    uint32_t *triangle = mem_array(uint32_t, 6 * (size_t)p->quads);
    for (size_t i = 0; i < 6 * (size_t)p->quads; i++) triangle[i] = p->corner[p->triangle[i]];
    vec3 *smooth = mem_array(vec3, p->points);
    mesh_normals(&(mesh_view){ points, triangle, p->points, 2 * p->quads }, smooth);
    for (size_t i = 0; i < 4 * (size_t)p->quads; i++) {
        position[i] = points[p->corner[i]];
        normal[i] = smooth[p->corner[i]];
    }
    mem_free(triangle);
    mem_free(smooth);
}
