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
                // What is left of the diagonal is rounding error: the matrix is singular.
                if (!(sum > 1e-14 * fabs(a[j * n + j]))) return false;
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

// Householder reduction of the symmetric matrix a to tridiagonal form (Golub & Van Loan, algorithm 8.3.1): diagonal d,
// off-diagonal e (e[i] couples i-1 and i); a becomes the orthogonal matrix of the reduction, as rows.
static void tridiagonalise(double *a, int n, double *d, double *e)
{
    // Row i is reduced by a reflector that lives in columns 0 … i-1.
    for (int i = n - 1; i > 0; i--) {
        double *row = a + (size_t)i * (size_t)n, scale = 0, h = 0;
        for (int k = 0; k < i; k++) scale += fabs(row[k]);
        if (i == 1 || scale == 0) {
            e[i] = row[i - 1];
            d[i] = 0; // no reflector
            continue;
        }
        for (int k = 0; k < i; k++) {
            row[k] /= scale;
            h += row[k] * row[k];
        }
        double f = row[i - 1], g = f >= 0 ? -sqrt(h) : sqrt(h);
        e[i] = scale * g;
        h -= f * g;
        row[i - 1] = f - g;
        // p = A u / h, K = u.p / 2h, q = p - K u; A' = A - q u^T - u q^T
        double uk = 0;
        for (int j = 0; j < i; j++) {
            a[(size_t)j * (size_t)n + (size_t)i] = row[j] / h;
            double sum = 0;
            for (int k = 0; k <= j; k++) sum += a[(size_t)j * (size_t)n + (size_t)k] * row[k];
            for (int k = j + 1; k < i; k++) sum += a[(size_t)k * (size_t)n + (size_t)j] * row[k];
            e[j] = sum / h;
            uk += e[j] * row[j];
        }
        double half = uk / (h + h);
        for (int j = 0; j < i; j++) {
            e[j] -= half * row[j];
            double *aj = a + (size_t)j * (size_t)n;
            for (int k = 0; k <= j; k++) aj[k] -= row[j] * e[k] + e[j] * row[k];
        }
        d[i] = h;
    }
    d[0] = e[0] = 0;
    // Accumulate the reflectors into the orthogonal matrix.
    for (int i = 0; i < n; i++) {
        double *row = a + (size_t)i * (size_t)n;
        if (d[i] != 0) {
            for (int j = 0; j < i; j++) {
                double g = 0;
                for (int k = 0; k < i; k++) g += row[k] * a[(size_t)k * (size_t)n + (size_t)j];
                for (int k = 0; k < i; k++)
                    a[(size_t)k * (size_t)n + (size_t)j] -= g * a[(size_t)k * (size_t)n + (size_t)i];
            }
        }
        d[i] = row[i];
        row[i] = 1;
        for (int j = 0; j < i; j++) a[(size_t)j * (size_t)n + (size_t)i] = row[j] = 0;
    }
}

// Implicit QL with Wilkinson's shift on the tridiagonal matrix; the rotations are applied to the rows of z.
static void diagonalise(double *d, double *e, int n, double *z)
{
    for (int i = 1; i < n; i++) e[i - 1] = e[i];
    e[n - 1] = 0;
    for (int l = 0; l < n; l++) {
        for (int round = 0; round < 60; round++) {
            int m = l;
            while (m < n - 1 && fabs(e[m]) > 1e-16 * (fabs(d[m]) + fabs(d[m + 1]))) m++;
            if (m == l) break;
            double g = (d[l + 1] - d[l]) / (2 * e[l]), r = hypot(g, 1);
            g = d[m] - d[l] + e[l] / (g + (g >= 0 ? r : -r));
            double s = 1, c = 1, p = 0;
            for (int i = m - 1; i >= l; i--) {
                double f = s * e[i], b = c * e[i];
                r = hypot(f, g);
                e[i + 1] = r;
                if (r == 0) {
                    d[i + 1] -= p;
                    e[m] = 0;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * s + 2 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                double *lower = z + (size_t)i * (size_t)n, *upper = lower + n;
                for (int k = 0; k < n; k++) {
                    double x = upper[k];
                    upper[k] = s * lower[k] + c * x;
                    lower[k] = c * lower[k] - s * x;
                }
            }
            if (r == 0 && m - 1 >= l) continue;
            d[l] -= p;
            e[l] = g;
            e[m] = 0;
        }
    }
}

static void transpose(double *a, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            double t = a[i * n + j];
            a[i * n + j] = a[j * n + i];
            a[j * n + i] = t;
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

void eigen_symmetric(const double *a, int n, double *values, double *vectors, double *scratch)
{
    memcpy(vectors, a, sizeof *a * (size_t)n * (size_t)n);
    tridiagonalise(vectors, n, values, scratch);
    transpose(vectors, n); // eigenvectors as rows, so that rotations run along memory
    diagonalise(values, scratch, n, vectors);
    sort_descending(values, vectors, n);
    transpose(vectors, n);
}

void normal_add(const double *x, const double *y, int p, int q, double *gram, double *right)
{
    for (int i = 0; i < p; i++) {
        double s = x[i];
        for (int j = 0; j <= i; j++) gram[(size_t)i * (size_t)p + (size_t)j] += s * x[j];
        for (int j = 0; j < q; j++) right[i * q + j] += s * y[j];
    }
}

bool normal_solve(double *gram, double *right, int p, int q, double ridge)
{
    for (int i = 0; i < p; i++) gram[i * p + i] += ridge;
    if (!chol_factor(gram, p)) return false;
    chol_solve_many(gram, p, right, q);
    return true;
}

bool least_squares(const double *x, const double *y, int n, int p, int q, double ridge, double *gram, double *c)
{
    memset(gram, 0, sizeof *gram * (size_t)p * (size_t)p);
    memset(c, 0, sizeof *c * (size_t)p * (size_t)q);
    for (int r = 0; r < n; r++) normal_add(x + r * p, y + r * q, p, q, gram, c);
    return normal_solve(gram, c, p, q, ridge);
}
