#include "math/vec.h"

mat3 m3_from_axis_angle(vec3 w)
{
    double angle2 = (double)w.x * w.x + (double)w.y * w.y + (double)w.z * w.z, angle = sqrt(angle2);
    // sin(a)/a and (1 - cos(a))/a^2, by series near zero where the quotients lose their digits
    double s = angle > 1e-4 ? sin(angle) / angle : 1 - angle2 / 6;
    double c = angle > 1e-4 ? (1 - cos(angle)) / angle2 : 0.5 - angle2 / 24;
    double x = (double)w.x, y = (double)w.y, z = (double)w.z;
    double m[3][3] = { { 1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y },
                       { c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x },
                       { c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y) } };
    mat3 r;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) r.m[i][j] = (float)m[i][j];
    return r;
}

vec3 m3_to_axis_angle(const mat3 *r)
{
    vec3 axis = v3(r->m[2][1] - r->m[1][2], r->m[0][2] - r->m[2][0], r->m[1][0] - r->m[0][1]);
    float sine2 = v3_len(axis), cosine2 = r->m[0][0] + r->m[1][1] + r->m[2][2] - 1;
    float angle = atan2f(sine2, cosine2);
    if (sine2 > 1e-5f) return v3_scale(axis, angle / sine2);
    if (cosine2 > 0) return v3_scale(axis, 0.5f);
    // Half a turn: the axis is the eigenvector to 1, read from the largest column of R + I.
    int k = r->m[0][0] > r->m[1][1] ? (r->m[0][0] > r->m[2][2] ? 0 : 2) : (r->m[1][1] > r->m[2][2] ? 1 : 2);
    vec3 column = v3(r->m[0][k] + (float)(k == 0), r->m[1][k] + (float)(k == 1), r->m[2][k] + (float)(k == 2));
    return v3_scale(v3_unit(column), 3.14159265f);
}

mat3 m3_between(vec3 a, vec3 b)
{
    a = v3_unit(a);
    b = v3_unit(b);
    vec3 axis = v3_cross(a, b);
    float sine = v3_len(axis), angle = atan2f(sine, v3_dot(a, b));
    if (sine < 1e-7f) {
        if (angle < 1) return m3_identity();
        axis = fabsf(a.x) < 0.9f ? v3_cross(a, v3(1, 0, 0)) : v3_cross(a, v3(0, 1, 0));
        sine = v3_len(axis);
    }
    return m3_from_axis_angle(v3_scale(axis, angle / sine));
}
