// The measuring tape: 21 measurements read off a body mesh, after ISO 8559-1, with the site in the key. Metres.
// A girth is the convex-hull perimeter of a plane section of the part it belongs to: a tape bridges hollows. Limb
// sections are perpendicular to the bone, torso sections horizontal.
#pragma once
#include "body/body.h"

typedef enum {
    TAPE_HEIGHT,                // floor to crown
    TAPE_NECK_GIRTH,            // below the Adam's apple, perpendicular to the neck
    TAPE_SHOULDER_BREADTH,      // acromion to acromion, straight (caliper)
    TAPE_CHEST_GIRTH,           // at the bust points
    TAPE_UNDERBUST_GIRTH,       // inframammary fold
    TAPE_WAIST_NATURAL_GIRTH,   // the narrowest level between navel and bust
    TAPE_WAIST_OMPHALION_GIRTH, // at the navel
    TAPE_HIP_GIRTH,             // at the greatest buttock prominence
    TAPE_THIGH_GIRTH,           // just below the gluteal fold
    TAPE_KNEE_GIRTH,            // at the kneecap
    TAPE_CALF_GIRTH,            // largest
    TAPE_ANKLE_GIRTH,           // smallest
    TAPE_UPPER_ARM_GIRTH,       // largest over the relaxed biceps
    TAPE_WRIST_GIRTH,           // smallest
    TAPE_ARM_LENGTH,            // acromion - radiale - stylion
    TAPE_INSEAM,                // crotch to floor
    TAPE_BACK_NECK_TO_WAIST,    // cervicale to navel level along the spine
    TAPE_CROTCH_LENGTH,         // navel level front, through the crotch, to navel level back
    TAPE_SHOULDER_TO_WRIST,     // acromion to wrist along the outside of the arm
    TAPE_WAIST_HEIGHT,          // navel to floor
    TAPE_HIP_HEIGHT,            // buttock level to floor
    TAPE_COUNT
} tape_measure;

extern const char *const tape_key[TAPE_COUNT];  // "chest_girth"
extern const char *const tape_name[TAPE_COUNT]; // "chest girth", for people
int tape_find(const char *key);                 // -1 when there is no such measurement

typedef struct tape tape; // scratch memory for one thread
tape *tape_new(const body_model *m);
void tape_free(tape *t);

// Reads all measurements off position [m->vertices] with joints [BODY_JOINTS], a body standing upright with arms away
// from the torso, in any place. out [TAPE_COUNT] metres.
void tape_read(tape *t, const vec3 *position, const vec3 *joints, double *out);

// Reads the unposed shape of betas.
void tape_read_betas(tape *t, const float *betas, double *out);

// The values at betas and d out / d betas, jacobian [TAPE_COUNT * betas]: girths by the first variation of their loops,
// lengths by central differences.
void tape_jacobian(tape *t, const float *betas, double *out, double *jacobian);

// Where the tape lay at the last reading, for pictures: points of measurement k, or 0 for a length.
int tape_line(const tape *t, tape_measure k, const vec3 **points);
