// The whole test framework. A test program lists its tests in TEST_MAIN and ends with the line CI reads.
#pragma once
#include <math.h>
#include <stdio.h>
#include <string.h>

static int test_passed, test_failed, test_broken;

#define CHECK(cond)                                                                                                    \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            test_broken = 1;                                                                                           \
            printf("%s:%d: CHECK(%s)\n", __FILE__, __LINE__, #cond);                                                   \
        }                                                                                                              \
    } while (0)

// |a - b| <= tol; write next to the call why tol is what it is.
#define CHECK_NEAR(a, b, tol)                                                                                          \
    do {                                                                                                               \
        double a_ = (double)(a), b_ = (double)(b), tol_ = (double)(tol);                                               \
        if (!(fabs(a_ - b_) <= tol_)) {                                                                                \
            test_broken = 1;                                                                                           \
            printf("%s:%d: %s = %g, want %g +- %g\n", __FILE__, __LINE__, #a, a_, b_, tol_);                           \
        }                                                                                                              \
    } while (0)

#define CHECK_STR(a, b)                                                                                                \
    do {                                                                                                               \
        const char *a_ = (a), *b_ = (b);                                                                               \
        if (strcmp(a_, b_) != 0) {                                                                                     \
            test_broken = 1;                                                                                           \
            printf("%s:%d: %s = \"%s\", want \"%s\"\n", __FILE__, __LINE__, #a, a_, b_);                               \
        }                                                                                                              \
    } while (0)

#define RUN(test)                                                                                                      \
    do {                                                                                                               \
        test_broken = 0;                                                                                               \
        test();                                                                                                        \
        if (test_broken)                                                                                               \
            test_failed++;                                                                                             \
        else                                                                                                           \
            test_passed++;                                                                                             \
        printf("%s %s\n", test_broken ? "FAIL" : "ok  ", #test);                                                       \
        fflush(stdout);                                                                                                \
    } while (0)

#define TEST_MAIN(...)                                                                                                 \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        __VA_ARGS__ printf("%d passed, %d failed\n", test_passed, test_failed);                                        \
        return test_failed != 0;                                                                                       \
    }
