#include "avatar/smpl.h"
#include "body/stand.h"

#include <string.h>

static bool need_file(smpl_bodies *b, const char *folder, int betas, err *e)
{
    if (b->file && b->file->betas == betas) return true;
    smpl_free(b);
    b->file = body_find_smpl(folder, betas, e);
    if (b->file) body_stand_turns(b->file, b->turn);
    return b->file != NULL;
}

bool smpl_need(smpl_bodies *b, const char *folder, int betas, body_sex sex, const survey_stats *survey, err *e)
{
    if (!need_file(b, folder, betas, e)) return false;
    if (b->standing[sex]) return true;
    b->standing[sex] = body_stand(b->file, sex, survey, e);
    if (!b->standing[sex]) return false;
    b->tape[sex] = tape_new(b->standing[sex]);
    return true;
}

void smpl_free(smpl_bodies *b)
{
    for (int i = 0; i < 3; i++) {
        tape_free(b->tape[i]);
        body_free(b->standing[i]);
    }
    body_free(b->file);
    memset(b, 0, sizeof *b);
}

void smpl_hint(const smpl_bodies *b, const avatar_sight *seen, uint32_t width, estimate_hint *out)
{
    const hmr2_person *p = seen->person;
    const body_model *m = b->file;
    memset(out, 0, sizeof *out);
    out->count = p->beta_count;
    memcpy(out->betas, p->betas, sizeof out->betas);
    // Where it sees the joints.
    vec3 rest[BODY_JOINTS];
    rigid world[BODY_JOINTS];
    for (int j = 0; j < BODY_JOINTS; j++) {
        rest[j] = m->joint_template[j];
        for (int k = 0; k < m->betas; k++) rest[j] = v3_mad(rest[j], m->joint_dirs[k * BODY_JOINTS + j], p->betas[k]);
    }
    body_joint_transforms_of(rest, p->rotation, v3(0, 0, 0), world);
    double scale = (double)width / seen->width;
    for (int j = 0; j < BODY_JOINTS; j++) {
        vec3 at = rigid_apply(&world[j], rest[j]);
        double z = (double)at.z + p->translation[2];
        double x = p->focal * ((double)at.x + p->translation[0]) / z + (double)seen->width / 2;
        double y = p->focal * ((double)at.y + p->translation[1]) / z + (double)seen->height / 2;
        out->joint_at[j] = (vec2){ (float)(scale * x), (float)(scale * y) };
    }
    // Its root turns the body into the camera's axes, ours within the body's.
    memcpy(out->rotation, p->rotation, sizeof out->rotation);
    for (int c = 0; c < 3; c++) {
        out->rotation[0].m[1][c] = -out->rotation[0].m[1][c];
        out->rotation[0].m[2][c] = -out->rotation[0].m[2][c];
    }
    body_stand_pose(b->turn, out->rotation);
}
