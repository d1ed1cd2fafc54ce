#include "math/linalg.h"

#include <math.h>
#include <string.h>

void mat_mul(double *c, const double *a, const double *b, int n, int k, int m)
{
    memset(c, 0, sizeof *c * (size_t)n * (size_t)m);
    for (int i = 0; i < n; i++)
        for (int l = 0; l < k; l++) {
            double s = a[i * k + l];
            for (int j = 0; j < m; j++) c[i * m + j] += s * b[l * m + j];
        }
}

void mat_mul_bt(double *c, const double *a, const double *b, int n, int k, int m)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++) sum += a[i * k + l] * b[j * k + l];
            c[i * m + j] = sum;
        }
}

void mat_vec(double *y, const double *a, const double *x, int n, int m) { mat_mul_bt(y, a, x, n, m, 1); }

bool chol_factor(double *a, int n)
{
    for (int j = 0; j < n; j++) {
        for (int i = j; i < n; i++) {
            double sum = a[i * n + j];
            for (int k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            if (i == j) {
                if (!(sum > 0)) return false;
                a[j * n + j] = sqrt(sum);
            } else {
                a[i * n + j] = sum / a[j * n + j];
            }
        }
    }
    return true;
}

void chol_solve_many(const double *l, int n, double *b, int m)
{
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            for (int j = 0; j < m; j++) b[i * m + j] -= l[i * n + k] * b[k * m + j];
        for (int j = 0; j < m; j++) b[i * m + j] /= l[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            for (int j = 0; j < m; j++) b[i * m + j] -= l[k * n + i] * b[k * m + j];
        for (int j = 0; j < m; j++) b[i * m + j] /= l[i * n + i];
    }
}

void chol_solve(const double *l, int n, double *b) { chol_solve_many(l, n, b, 1); }

void chol_inverse(const double *l, int n, double *inverse)
{
    memset(inverse, 0, sizeof *inverse * (size_t)n * (size_t)n);
    for (int i = 0; i < n; i++) inverse[i * n + i] = 1;
    chol_solve_many(l, n, inverse, n);
}

// One rotation that zeroes a[p][q]; the matrix is kept full so that rows can be walked in memory order.
static void rotate(double *a, double *v, int n, int p, int q)
{
    double apq = a[p * n + q];
    if (apq == 0) return;
    double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        double x = a[k * n + p], y = a[k * n + q];
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    for (int k = 0; k < n; k++) {
        double x = a[p * n + k], y = a[q * n + k];
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
    }
    for (int k = 0; k < n; k++) {
        double x = v[p * n + k], y = v[q * n + k]; // v holds eigenvectors as rows until the end
        v[p * n + k] = c * x - s * y;
        v[q * n + k] = s * x + c * y;
    }
}

static void sort_descending(double *values, double *rows, int n)
{
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int j = i + 1; j < n; j++)
            if (values[j] > values[best]) best = j;
        if (best == i) continue;
        double t = values[i];
        values[i] = values[best];
        values[best] = t;
        for (int k = 0; k < n; k++) {
            t = rows[i * n + k];
            rows[i * n + k] = rows[best * n + k];
            rows[best * n + k] = t;
        }
    }
}

void eigen_symmetric(double *a, int n, double *values, double *vectors)
{
    memset(vectors, 0, sizeof *vectors * (size_t)n * (size_t)n);
    double total = 0;
    for (int i = 0; i < n; i++) vectors[i * n + i] = 1;
    for (int i = 0; i < n * n; i++) total += a[i] * a[i];
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                if (i != j) off += a[i * n + j] * a[i * n + j];
        if (off <= 1e-26 * total) break;
        for (int p = 0; p < n - 1; p++)
            for (int q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
    }
    for (int i = 0; i < n; i++) values[i] = a[i * n + i];
    sort_descending(values, vectors, n);
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) { // rows to columns
            double t = vectors[i * n + j];
            vectors[i * n + j] = vectors[j * n + i];
            vectors[j * n + i] = t;
        }
}

bool least_squares(const double *x, const double *y, int n, int p, int q, double ridge, double *gram, double *c)
{
    memset(gram, 0, sizeof *gram * (size_t)p * (size_t)p);
    memset(c, 0, sizeof *c * (size_t)p * (size_t)q);
    for (int r = 0; r < n; r++)
        for (int i = 0; i < p; i++) {
            double s = x[r * p + i];
            for (int j = 0; j < p; j++) gram[i * p + j] += s * x[r * p + j];
            for (int j = 0; j < q; j++) c[i * q + j] += s * y[r * q + j];
        }
    for (int i = 0; i < p; i++) gram[i * p + i] += ridge;
    if (!chol_factor(gram, p)) return false;
    chol_solve_many(gram, p, c, q);
    return true;
}
