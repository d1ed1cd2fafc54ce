// Small vectors and matrices in single precision. Right-handed, +Y up; matrices are row-major.
#pragma once
#include <math.h>

typedef struct {
    float x, y;
} vec2;
typedef struct {
    float x, y, z;
} vec3;
typedef struct {
    float m[3][3];
} mat3;
// A rotation and a translation: p -> R p + t.
typedef struct {
    mat3 r;
    vec3 t;
} rigid;

// One instruction each, which fminf and fmaxf are not: neither may be NaN.
static inline float f_min(float a, float b) { return a < b ? a : b; }
static inline float f_max(float a, float b) { return a > b ? a : b; }

static inline vec3 v3(float x, float y, float z) { return (vec3){ x, y, z }; }
static inline vec3 v3_add(vec3 a, vec3 b) { return v3(a.x + b.x, a.y + b.y, a.z + b.z); }
static inline vec3 v3_sub(vec3 a, vec3 b) { return v3(a.x - b.x, a.y - b.y, a.z - b.z); }
static inline vec3 v3_scale(vec3 a, float s) { return v3(a.x * s, a.y * s, a.z * s); }
static inline vec3 v3_mad(vec3 a, vec3 b, float s) { return v3(a.x + b.x * s, a.y + b.y * s, a.z + b.z * s); }
static inline vec3 v3_lerp(vec3 a, vec3 b, float s) { return v3_mad(a, v3_sub(b, a), s); }
// 0 up to lo, 1 from hi on, and between them without a corner.
static inline float smoothstep(float lo, float hi, float v)
{
    float t = (v - lo) / (hi - lo);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return t * t * (3 - 2 * t);
}
static inline float v3_dot(vec3 a, vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline vec3 v3_cross(vec3 a, vec3 b)
{
    return v3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}
static inline float v3_len(vec3 a) { return sqrtf(v3_dot(a, a)); }
static inline float v3_dist(vec3 a, vec3 b) { return v3_len(v3_sub(a, b)); }
// The zero vector stays zero.
static inline vec3 v3_unit(vec3 a)
{
    float n = v3_len(a);
    return n > 0 ? v3_scale(a, 1 / n) : a;
}

static inline mat3 m3_identity(void) { return (mat3){ { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } } }; }
static inline vec3 m3_apply(const mat3 *a, vec3 p)
{
    return v3(a->m[0][0] * p.x + a->m[0][1] * p.y + a->m[0][2] * p.z,
              a->m[1][0] * p.x + a->m[1][1] * p.y + a->m[1][2] * p.z,
              a->m[2][0] * p.x + a->m[2][1] * p.y + a->m[2][2] * p.z);
}
static inline mat3 m3_mul(const mat3 *a, const mat3 *b)
{
    mat3 c;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            c.m[i][j] = a->m[i][0] * b->m[0][j] + a->m[i][1] * b->m[1][j] + a->m[i][2] * b->m[2][j];
        }
    return c;
}
static inline mat3 m3_transpose(const mat3 *a)
{
    mat3 c;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) c.m[i][j] = a->m[j][i];
    return c;
}

static inline vec3 rigid_apply(const rigid *a, vec3 p) { return v3_add(m3_apply(&a->r, p), a->t); }
static inline rigid rigid_mul(const rigid *a, const rigid *b)
{
    return (rigid){ m3_mul(&a->r, &b->r), rigid_apply(a, b->t) };
}

// Rotation vector (axis times angle, radians) to matrix (Rodrigues) and back; and the shortest rotation taking the
// direction a to the direction b (neither zero).
mat3 m3_from_axis_angle(vec3 w);
vec3 m3_to_axis_angle(const mat3 *r);
mat3 m3_between(vec3 a, vec3 b);
