// Dense linear algebra in double precision for the sizes of this project (up to a few hundred unknowns). Matrices are
// row-major [rows * cols]. Nothing allocates; every sum runs in index order, so results do not depend on the machine's
// threads.
#pragma once
#include <stdbool.h>

// c [n * m] = a [n * k] b [k * m]
void mat_mul(double *c, const double *a, const double *b, int n, int k, int m);
// c [n * m] = a [n * k] b^T, b [m * k]
void mat_mul_bt(double *c, const double *a, const double *b, int n, int k, int m);
// y [n] = a [n * m] x [m]
void mat_vec(double *y, const double *a, const double *x, int n, int m);

// Cholesky factor a = L L^T of a symmetric positive definite matrix, in place in the lower triangle. false: a is not
// positive definite (a is then garbage).
bool chol_factor(double *a, int n);
// Solves L L^T x = b in place. b [n].
void chol_solve(const double *l, int n, double *b);
// Solves for m right-hand sides, b [n * m] row-major, in place.
void chol_solve_many(const double *l, int n, double *b, int m);
// inverse [n * n] of the factored matrix.
void chol_inverse(const double *l, int n, double *inverse);

// Eigenvalues (descending) and orthonormal eigenvectors (column j of vectors belongs to value j) of the symmetric
// matrix a [n * n]; scratch [n]. Householder tridiagonalisation and implicit QL (Golub & Van Loan, section 8.3).
void eigen_symmetric(const double *a, int n, double *values, double *vectors, double *scratch);

// One row of a regression's normal equations: gram [p * p] += x^T x in its lower triangle, right [p * q] += x^T y.
void normal_add(const double *x, const double *y, int p, int q, double *gram, double *right);
// The coefficients, in place of right; gram is lost. false: see least_squares.
bool normal_solve(double *gram, double *right, int p, int q, double ridge);
// Ridge regression: coefficients c [p * q] minimising |y - x c|^2 + ridge |c|^2, x [n * p], y [n * q]. gram [p * p] is
// scratch. false: the columns of x are dependent and ridge is 0.
bool least_squares(const double *x, const double *y, int n, int p, int q, double ridge, double *gram, double *c);
