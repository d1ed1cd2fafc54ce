#include "base/rng.h"
#include "math/linalg.h"
#include "test.h"

enum { N = 40 };

static void random_symmetric(rng *r, double *a, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = rng_normal(r);
}

static void eigenvectors_rebuild_their_matrix(void)
{
    static double a[N * N], vectors[N * N], values[N], scratch[N];
    rng r = rng_new(3);
    for (int n = 1; n <= N; n += 13) {
        random_symmetric(&r, a, n);
        eigen_symmetric(a, n, values, vectors, scratch);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                double sum = 0, overlap = 0;
                for (int k = 0; k < n; k++) {
                    sum += vectors[i * n + k] * values[k] * vectors[j * n + k];
                    overlap += vectors[k * n + i] * vectors[k * n + j];
                }
                CHECK_NEAR(sum, a[i * n + j], 1e-10); // 40 terms of order 10 in double precision
                CHECK_NEAR(overlap, i == j, 1e-12);
            }
        for (int k = 1; k < n; k++) CHECK(values[k] <= values[k - 1]);
    }
}

static void a_rank_deficient_matrix_has_zero_eigenvalues_and_no_cholesky(void)
{
    double a[9] = { 1, 2, 3, 2, 4, 6, 3, 6, 9 }, values[3], vectors[9], scratch[3];
    eigen_symmetric(a, 3, values, vectors, scratch);
    CHECK_NEAR(values[0], 14, 1e-12);
    CHECK_NEAR(values[1], 0, 1e-12);
    double b[4] = { 1, 2, 2, 1 };
    CHECK(!chol_factor(b, 2));
}

static void cholesky_solves_and_inverts(void)
{
    double a[N * N], l[N * N], inverse[N * N], b[N], product[N * N];
    rng r = rng_new(4);
    random_symmetric(&r, a, N);
    mat_mul_bt(l, a, a, N, N, N); // a a^T is positive definite
    memcpy(a, l, sizeof a);
    CHECK(chol_factor(l, N));
    chol_inverse(l, N, inverse);
    mat_mul(product, a, inverse, N, N, N);
    for (int i = 0; i < N * N; i++) CHECK_NEAR(product[i], i % (N + 1) == 0, 1e-6); // condition number about 1e5
    for (int i = 0; i < N; i++) b[i] = a[i * N + 7];
    chol_solve(l, N, b);
    for (int i = 0; i < N; i++) CHECK_NEAR(b[i], i == 7, 1e-6);
}

static void least_squares_finds_the_line_through_noise_free_points(void)
{
    double x[20], y[10], gram[4], c[2];
    for (int i = 0; i < 10; i++) {
        x[2 * i] = 1;
        x[2 * i + 1] = i;
        y[i] = 3 - 0.5 * i;
    }
    CHECK(least_squares(x, y, 10, 2, 1, 0, gram, c));
    CHECK_NEAR(c[0], 3, 1e-12);
    CHECK_NEAR(c[1], -0.5, 1e-12);
    for (int i = 0; i < 10; i++) x[2 * i + 1] = 1;
    CHECK(!least_squares(x, y, 10, 2, 1, 0, gram, c));
}

TEST_MAIN(RUN(eigenvectors_rebuild_their_matrix); RUN(a_rank_deficient_matrix_has_zero_eigenvalues_and_no_cholesky);
          RUN(cholesky_solves_and_inverts); RUN(least_squares_finds_the_line_through_noise_free_points);)
