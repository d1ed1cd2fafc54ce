#include "body/makehuman.h"
#include "base/limits.h"
#include "base/mem.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TARGETS = 2048, MAX_NAMES = 4, MAX_PEOPLE = 2000, MAX_UVS = 65536 };
static const float DECIMETRE = 0.1f, TARGET_UNIT = 1e-4f; // targets are int16 in thousandths of a decimetre

typedef struct {
    char column[32];
    int negative[MAX_NAMES], positive[MAX_NAMES]; // target rows
    int negatives, positives;
} modifier;

struct mh_source {
    vec3 base[MH_POINTS];
    uint32_t quad[4 * MH_BODY_QUADS], uv_quad[4 * MH_BODY_QUADS];
    vec2 *uv;
    uint32_t uvs;
    float weight[MH_BODY_VERTICES * BODY_JOINTS];
    uint32_t mirror[MH_BODY_VERTICES];
    uint8_t label[MH_BODY_VERTICES];
    body_ids joint[BODY_JOINTS], mark[MARK_COUNT];
    char *target_name[MAX_TARGETS]; // sorted: row i of targets.bin
    int targets;
    io_view bin;
    modifier modifier[MH_MODIFIERS];
    mh_person *person;
    int people;
};

const vec3 *mh_base(const mh_source *s) { return s->base; }
const uint32_t *mh_quads(const mh_source *s) { return s->quad; }
const uint32_t *mh_uv_quads(const mh_source *s) { return s->uv_quad; }
const body_ids *mh_joint_points(const mh_source *s) { return s->joint; }
const body_ids *mh_marks(const mh_source *s) { return s->mark; }
const uint8_t *mh_labels(const mh_source *s) { return s->label; }
const float *mh_weights(const mh_source *s) { return s->weight; }
const uint32_t *mh_mirror(const mh_source *s) { return s->mirror; }

const vec2 *mh_uvs(const mh_source *s, uint32_t *count)
{
    *count = s->uvs;
    return s->uv;
}

const mh_person *mh_people(const mh_source *s, int *count)
{
    *count = s->people;
    return s->person;
}

static json_t *read_json(const char *folder, const char *name, err *e)
{
    char path[4096];
    buf text = buf_new(64 * MIB);
    json_t *root = NULL;
    json_error_t why;
    if (!io_join(path, sizeof path, folder, name)) {
        fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    } else if (io_read(path, &text, e)) {
        root = json_loadb((const char *)text.data, text.len, 0, &why);
        if (!root) fail(e, ERR_INPUT, "%s is not JSON: %s at line %d", path, why.text, why.line);
    }
    buf_free(&text);
    return root;
}

// MakeHuman's bones to SMPL's joints, by the beginning of the name; the face's bones, all that is left, are the head's.
static int joint_of_bone(const char *bone)
{
    static const struct {
        const char *prefix;
        int joint; // the left one of a pair: the right one is joint + 1
    } table[] = { { "root", JOINT_PELVIS },       { "pelvis", JOINT_PELVIS },     { "spine05", JOINT_PELVIS },
                  { "spine04", JOINT_SPINE1 },    { "spine03", JOINT_SPINE2 },    { "spine02", JOINT_SPINE3 },
                  { "spine01", JOINT_SPINE3 },    { "breast", JOINT_SPINE3 },     { "neck", JOINT_NECK },
                  { "clavicle", JOINT_L_COLLAR }, { "shoulder", JOINT_L_COLLAR }, { "upperarm", JOINT_L_SHOULDER },
                  { "lowerarm", JOINT_L_ELBOW },  { "wrist", JOINT_L_WRIST },     { "metacarpal", JOINT_L_WRIST },
                  { "finger", JOINT_L_HAND },     { "upperleg", JOINT_L_HIP },    { "lowerleg", JOINT_L_KNEE },
                  { "foot", JOINT_L_ANKLE },      { "toe", JOINT_L_FOOT } };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strncmp(bone, table[i].prefix, strlen(table[i].prefix)) != 0) continue;
        bool paired = body_joint_name[table[i].joint][0] == 'L', right = strstr(bone, ".R") != NULL;
        return table[i].joint + (paired && right);
    }
    return JOINT_HEAD;
}

static bool read_points(mh_source *s, const json_t *mesh, err *e)
{
    const json_t *vertices = json_object_get(mesh, "vertices"), *uvs = json_array_get(json_object_get(mesh, "uvs"), 0);
    size_t uv_numbers = json_array_size(uvs);
    if (json_array_size(vertices) != 3 * MH_POINTS || uv_numbers < 2 || uv_numbers > 2 * MAX_UVS) {
        return fail(e, ERR_INPUT, "human_full_size.json is not the MakeHuman base mesh (%zu vertex numbers, not %d)",
                    json_array_size(vertices), 3 * MH_POINTS);
    }
    for (size_t i = 0; i < MH_POINTS; i++) {
        float p[3];
        for (size_t k = 0; k < 3; k++) p[k] = (float)json_number_value(json_array_get(vertices, 3 * i + k)) * DECIMETRE;
        s->base[i] = v3(p[0], p[1], p[2]);
    }
    s->uvs = (uint32_t)(uv_numbers / 2);
    s->uv = mem_array(vec2, s->uvs);
    for (size_t i = 0; i < s->uvs; i++) {
        s->uv[i].x = (float)json_number_value(json_array_get(uvs, 2 * i));
        s->uv[i].y = 1 - (float)json_number_value(json_array_get(uvs, 2 * i + 1)); // glTF's v runs down
    }
    return true;
}

static bool read_quads(mh_source *s, const json_t *mesh, err *e)
{
    enum { RECORD = 10, QUAD_WITH_MATERIAL_AND_UV = 11 }; // three.js JSON 3.1: 11, v0..v3, material, uv0..uv3
    const json_t *faces = json_object_get(mesh, "faces");
    uint32_t n = 0;
    for (size_t f = 0; f + RECORD <= json_array_size(faces); f += RECORD) {
        json_int_t r[RECORD];
        for (size_t k = 0; k < RECORD; k++) r[k] = json_integer_value(json_array_get(faces, f + k));
        if (r[0] != QUAD_WITH_MATERIAL_AND_UV) return fail(e, ERR_INPUT, "the base mesh has a face that is no quad");
        if (r[1] >= MH_BODY_VERTICES) continue; // clothes helpers, eyes, joint cubes
        if (n == MH_BODY_QUADS) return fail(e, ERR_INPUT, "the base mesh has too many body quads");
        for (int k = 0; k < 4; k++) {
            if (r[1 + k] < 0 || r[1 + k] >= MH_BODY_VERTICES || r[6 + k] < 0 || r[6 + k] >= s->uvs) {
                return fail(e, ERR_INPUT, "the base mesh has a face with an index out of range");
            }
            s->quad[4 * n + (uint32_t)k] = (uint32_t)r[1 + k];
            s->uv_quad[4 * n + (uint32_t)k] = (uint32_t)r[6 + k];
        }
        n++;
    }
    return n == MH_BODY_QUADS ? true : fail(e, ERR_INPUT, "the base mesh has %u body quads, not %d", n, MH_BODY_QUADS);
}

// The base mesh is mirror-symmetric to the bit, so the partner of a vertex is where x changes sign.
static bool find_mirror(mh_source *s, err *e)
{
    for (uint32_t i = 0; i < MH_BODY_VERTICES; i++) {
        vec3 p = s->base[i];
        s->mirror[i] = UINT32_MAX;
        for (uint32_t j = 0; j < MH_BODY_VERTICES && s->mirror[i] == UINT32_MAX; j++) {
            vec3 q = s->base[j];
            if (fabsf(q.y - p.y) < 1e-6f && fabsf(q.z - p.z) < 1e-6f && fabsf(q.x + p.x) < 1e-6f) s->mirror[i] = j;
        }
        if (s->mirror[i] == UINT32_MAX) return fail(e, ERR_INPUT, "the base mesh is not symmetric at vertex %u", i);
    }
    return true;
}

static int mirrored_joint(int joint)
{
    if (body_joint_name[joint][0] == 'L') return joint + 1;
    return body_joint_name[joint][0] == 'R' ? joint - 1 : joint;
}

static bool read_weights(mh_source *s, const json_t *mesh, err *e)
{
    const json_t *index = json_object_get(mesh, "skinIndices"), *value = json_object_get(mesh, "skinWeights");
    const json_t *bones = json_object_get(mesh, "bones");
    if (json_array_size(index) != 4 * MH_POINTS || json_array_size(value) != 4 * MH_POINTS) {
        return fail(e, ERR_INPUT, "the base mesh has no skin weights");
    }
    float *raw = mem_array(float, (size_t)MH_BODY_VERTICES *BODY_JOINTS);
    for (size_t i = 0; i < 4 * MH_BODY_VERTICES; i++) {
        const json_t *bone = json_array_get(bones, (size_t)json_integer_value(json_array_get(index, i)));
        const char *name = json_string_value(json_object_get(bone, "name"));
        float w = (float)json_number_value(json_array_get(value, i));
        if (name && w > 0) raw[i / 4 * BODY_JOINTS + (size_t)joint_of_bone(name)] += w;
    }
    for (size_t v = 0; v < MH_BODY_VERTICES; v++) {
        float sum = 0, *w = s->weight + v * BODY_JOINTS;
        for (int j = 0; j < BODY_JOINTS; j++) {
            w[j] = raw[v * BODY_JOINTS + (size_t)j] + raw[s->mirror[v] * BODY_JOINTS + (size_t)mirrored_joint(j)];
            sum += w[j];
        }
        for (int j = 0; j < BODY_JOINTS; j++) w[j] = sum > 0 ? w[j] / sum : (float)(j == JOINT_HEAD);
    }
    mem_free(raw);
    return true;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

// Rows of targets.bin are the byte-wise sorted names of target-list.json.
static bool read_targets(mh_source *s, const char *folder, err *e)
{
    json_t *list = read_json(folder, "src/json/targets/target-list.json", e), *ignored;
    if (!list) return false;
    const char *name;
    static const char prefix[] = "data/targets/", suffix[] = ".target";
    json_object_foreach(json_object_get(list, "targets"), name, ignored)
    {
        size_t n = strlen(name);
        if (s->targets == MAX_TARGETS || n < sizeof prefix + sizeof suffix) continue;
        s->target_name[s->targets++] = mem_strdup(name);
    }
    json_decref(list);
    qsort(s->target_name, (size_t)s->targets, sizeof *s->target_name, compare_names);
    for (int i = 0; i < s->targets; i++) { // "data/targets/a/b.target" -> "a/b", which keeps the order of rows
        char *t = s->target_name[i], *dot = t + strlen(t) - (sizeof suffix - 1);
        memmove(t, t + sizeof prefix - 1, (size_t)(dot - t) - (sizeof prefix - 1));
        t[(size_t)(dot - t) - (sizeof prefix - 1)] = 0;
    }
    char path[4096];
    if (!io_join(path, sizeof path, folder, "public/data/targets/targets.bin")) {
        return fail(e, ERR_LIMIT, "the path %.80s… is too long", folder);
    }
    if (!io_map(path, 512 * MIB, &s->bin, e)) return false;
    size_t want = (size_t)s->targets * MH_POINTS * 3 * sizeof(int16_t);
    if (s->bin.len != want) return fail(e, ERR_INPUT, "%s has %zu bytes, not %zu", path, s->bin.len, want);
    return true;
}

static int find_target(const mh_source *s, const char *name)
{
    for (int i = 0; i < s->targets; i++)
        if (strcmp(s->target_name[i], name) == 0) return i;
    return -1;
}

static bool read_modifier_side(const mh_source *s, const json_t *names, int *row, int *count, err *e)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        int found = name ? find_target(s, name) : -1;
        if (found < 0 || *count == MAX_NAMES) return fail(e, ERR_INPUT, "no target %s", name ? name : "(no name)");
        row[(*count)++] = found;
    }
    return true;
}

static bool read_ids(const json_t *value, body_ids *out, uint32_t bound, err *e)
{
    size_t n = json_is_array(value) ? json_array_size(value) : json_is_integer(value);
    if (n == 0) return fail(e, ERR_INPUT, "landmarks_hm08.json lacks an entry");
    *out = (body_ids){ mem_array(uint32_t, n), (uint32_t)n };
    for (size_t i = 0; i < n; i++) {
        json_int_t id = json_integer_value(json_is_array(value) ? json_array_get(value, i) : value);
        if (id < 0 || id >= bound) return fail(e, ERR_INPUT, "landmarks_hm08.json: %lld is no vertex", (long long)id);
        out->id[i] = (uint32_t)id;
    }
    return true;
}

static bool read_landmarks(mh_source *s, const char *tables, err *e)
{
    json_t *root = read_json(tables, "landmarks_hm08.json", e);
    if (!root) return false;
    bool ok = true;
    for (int j = 0; ok && j < BODY_JOINTS; j++) {
        const json_t *joint = json_object_get(json_object_get(root, "joints24"), body_joint_name[j]);
        ok = read_ids(json_object_get(joint, "mean_of_vertices"), &s->joint[j], MH_POINTS, e);
    }
    for (int m = 0; ok && m < MARK_COUNT; m++) {
        const json_t *ids = m == MARK_BUTTOCK ? json_object_get(root, "buttock_candidates")
                                              : json_object_get(json_object_get(root, "landmarks"), body_mark_name[m]);
        ok = read_ids(ids, &s->mark[m], MH_BODY_VERTICES, e);
    }
    const json_t *label = json_object_get(root, "label_per_vertex");
    if (ok && json_array_size(label) != MH_BODY_VERTICES) ok = fail(e, ERR_INPUT, "landmarks_hm08.json lacks labels");
    for (size_t i = 0; ok && i < MH_BODY_VERTICES; i++) {
        json_int_t id = json_integer_value(json_array_get(label, i));
        if (id < 0 || id >= BODY_JOINTS)
            ok = fail(e, ERR_INPUT, "landmarks_hm08.json: %lld is no joint", (long long)id);
        s->label[i] = (uint8_t)id;
    }
    json_decref(root);
    return ok;
}

static bool read_person(mh_source *s, char *line, err *e)
{
    mh_person p = { .sex = line[0] == 'F' ? SEX_FEMALE : SEX_MALE };
    float number[MH_MACROS + MH_MODIFIERS];
    char *at = strchr(line, ',');
    for (int i = 0; i < MH_MACROS + MH_MODIFIERS; i++) {
        char *end = at;
        if (at) number[i] = strtof(at + 1, &end);
        if (!at || end == at + 1) return fail(e, ERR_INPUT, "calib_params.csv: row %d is too short", s->people + 2);
        at = end;
    }
    p.age = number[0];
    memcpy(p.race, number + 1, sizeof p.race);
    p.muscle = number[4];
    p.weight = number[5];
    p.height = number[6];
    p.proportions = number[7];
    p.cup = number[8];
    p.firmness = number[9];
    memcpy(p.modifier, number + MH_MACROS, sizeof p.modifier);
    s->person[s->people++] = p;
    return true;
}

static bool read_header(mh_source *s, char *line, const json_t *modifiers, err *e)
{
    char *save = NULL, *column = strtok_r(line, ",\r\n", &save);
    for (int i = 0; column; column = strtok_r(NULL, ",\r\n", &save), i++) {
        int m = i - 1 - MH_MACROS;
        if (m < 0) continue;
        const json_t *entry = json_object_get(modifiers, column);
        if (m >= MH_MODIFIERS || !entry) return fail(e, ERR_INPUT, "calib_params.csv: unknown column %s", column);
        modifier *to = &s->modifier[m];
        snprintf(to->column, sizeof to->column, "%s", column);
        if (!read_modifier_side(s, json_object_get(entry, "neg"), to->negative, &to->negatives, e)) return false;
        if (!read_modifier_side(s, json_object_get(entry, "pos"), to->positive, &to->positives, e)) return false;
    }
    return true;
}

static bool read_people(mh_source *s, const char *tables, err *e)
{
    char path[4096];
    buf text = buf_new(16 * MIB);
    json_t *modifiers = read_json(tables, "local_modifiers.json", e);
    bool ok = modifiers && io_join(path, sizeof path, tables, "calib_params.csv") && io_read(path, &text, e) &&
              buf_append(&text, "", 1);
    s->person = mem_array(mh_person, MAX_PEOPLE);
    char *save = NULL, *line = ok ? strtok_r((char *)text.data, "\r\n", &save) : NULL;
    if (ok) ok = line && read_header(s, line, modifiers, e);
    while (ok && s->people < MAX_PEOPLE && (line = strtok_r(NULL, "\r\n", &save))) ok = read_person(s, line, e);
    json_decref(modifiers);
    buf_free(&text);
    return ok;
}

mh_source *mh_open(const char *folder, const char *tables, err *e)
{
    mh_source *s = mem_new(1, sizeof *s);
    json_t *mesh = read_json(folder, "public/data/models/human_full_size.json", e);
    bool ok =
        mesh && read_points(s, mesh, e) && read_quads(s, mesh, e) && find_mirror(s, e) && read_weights(s, mesh, e);
    json_decref(mesh);
    ok = ok && read_targets(s, folder, e) && read_landmarks(s, tables, e) && read_people(s, tables, e);
    if (ok) return s;
    mh_close(s);
    return NULL;
}

void mh_close(mh_source *s)
{
    if (!s) return;
    for (int i = 0; i < s->targets; i++) mem_free(s->target_name[i]);
    for (int i = 0; i < BODY_JOINTS; i++) mem_free(s->joint[i].id);
    for (int i = 0; i < MARK_COUNT; i++) mem_free(s->mark[i].id);
    io_unmap(&s->bin);
    mem_free(s->uv);
    mem_free(s->person);
    mem_free(s);
}

// --- the macro formula ---

// A macro value as weights of named levels, e.g. muscle 0.7 = 0.4 maxmuscle + 0.6 averagemuscle.
typedef struct {
    const char *name[3];
    float weight[3];
} levels;

static levels min_average_max(float x, const char *lo, const char *mid, const char *hi)
{
    return (levels){ { lo, mid, hi }, { fmaxf(0, 1 - 2 * x), 1 - fabsf(2 * x - 1), fmaxf(0, 2 * x - 1) } };
}

static void add_target(const mh_source *s, int row, float weight, vec3 *out)
{
    const int16_t *d = (const int16_t *)(const void *)s->bin.data + (size_t)row * MH_POINTS * 3;
    float w = weight * TARGET_UNIT;
    float *o = &out->x;
    for (size_t i = 0; i < (size_t)MH_POINTS * 3; i++) o[i] += w * (float)d[i];
}

static void add_named(const mh_source *s, const char *name, float weight, vec3 *out)
{
    int row = weight > 0 ? find_target(s, name) : -1; // an average level has no file: it is the base itself
    if (row >= 0) add_target(s, row, weight, out);
}

void mh_blend(const mh_source *s, const mh_person *p, vec3 *out)
{
    memcpy(out, s->base, sizeof s->base);
    const char *sex = p->sex == SEX_MALE ? "male" : "female";
    float old = fminf(fmaxf((p->age - 25) / 65, 0), 1);
    levels age = { { "young", "old", NULL }, { 1 - old, old, 0 } };
    levels race = { { "african", "asian", "caucasian" }, { p->race[0], p->race[1], p->race[2] } };
    levels muscle = min_average_max(p->muscle, "minmuscle", "averagemuscle", "maxmuscle");
    levels weight = min_average_max(p->weight, "minweight", "averageweight", "maxweight");
    levels height = min_average_max(p->height, "minheight", NULL, "maxheight");
    levels proportions = min_average_max(p->proportions, "uncommonproportions", NULL, "idealproportions");
    levels cup = min_average_max(p->cup, "mincup", "averagecup", "maxcup");
    levels firm = min_average_max(p->firmness, "minfirmness", "averagefirmness", "maxfirmness");
    char name[160];
    for (int a = 0; a < 2; a++) {
        for (int r = 0; r < 3; r++) {
            snprintf(name, sizeof name, "macrodetails/%s-%s-%s", race.name[r], sex, age.name[a]);
            add_named(s, name, race.weight[r] * age.weight[a], out);
        }
        for (int m = 0; m < 9; m++) {
            const char *mu = muscle.name[m / 3], *we = weight.name[m % 3];
            float w = age.weight[a] * muscle.weight[m / 3] * weight.weight[m % 3];
            if (w <= 0) continue;
            snprintf(name, sizeof name, "macrodetails/universal-%s-%s-%s-%s", sex, age.name[a], mu, we);
            add_named(s, name, w, out);
            for (int k = 0; k < 3; k += 2) {
                snprintf(name, sizeof name, "macrodetails/height/%s-%s-%s-%s-%s", sex, age.name[a], mu, we,
                         height.name[k]);
                add_named(s, name, w * height.weight[k], out);
                snprintf(name, sizeof name, "macrodetails/proportions/%s-%s-%s-%s-%s", sex, age.name[a], mu, we,
                         proportions.name[k]);
                add_named(s, name, w * proportions.weight[k], out);
            }
            for (int c = 0; c < 9 && p->sex == SEX_FEMALE; c++) {
                snprintf(name, sizeof name, "breast/female-%s-%s-%s-%s-%s", age.name[a], mu, we, cup.name[c / 3],
                         firm.name[c % 3]);
                add_named(s, name, w * cup.weight[c / 3] * firm.weight[c % 3], out);
            }
        }
    }
    for (int i = 0; i < MH_MODIFIERS; i++) {
        const modifier *m = &s->modifier[i];
        float v = p->modifier[i];
        for (int k = 0; v > 0 && k < m->positives; k++) add_target(s, m->positive[k], v, out);
        for (int k = 0; v < 0 && k < m->negatives; k++) add_target(s, m->negative[k], -v, out);
    }
}
