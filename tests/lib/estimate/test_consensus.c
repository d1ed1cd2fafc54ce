#include "estimate/consensus.h"
#include "test.h"

#include <math.h>

// Sums of weight * row * row^T (upper half) and weight * row * residual.
typedef struct {
    double square[6], gradient[3];
} sums;

static void add(sums *s, double gx, double gy, double cloth, double residual, double weight)
{
    const double row[3] = { gx, gy, cloth };
    int n = 0;
    for (int i = 0; i < 3; i++) {
        s->gradient[i] += weight * row[i] * residual;
        for (int j = i; j < 3; j++) s->square[n++] += weight * row[i] * row[j];
    }
}

static void compare(const outline_reading *reading, int count, int rows_expected, double within)
{
    consensus_row row[CONSENSUS_ROWS];
    sums of_readings = { 0 }, of_rows = { 0 };
    int rows = consensus_of(reading, count, row);
    CHECK(rows == rows_expected);
    for (int i = 0; i < count; i++)
        add(&of_readings, reading[i].gx, reading[i].gy, 1, reading[i].residual, reading[i].weight);
    for (int i = 0; i < rows; i++) add(&of_rows, row[i].gx, row[i].gy, row[i].cloth, row[i].residual, row[i].weight);
    for (int i = 0; i < 6; i++) CHECK_NEAR(of_rows.square[i], of_readings.square[i], within);
    for (int i = 0; i < 3; i++) CHECK_NEAR(of_rows.gradient[i], of_readings.gradient[i], within);
}

static void outlines_that_part_say_all_they_say_in_three_rows(void)
{
    const outline_reading reading[] = {
        { 0.01, 1, 0, 2 }, { -0.02, 0.6, 0.8, 1 }, { 0.03, -0.8, 0.6, 0.5 }, { 0.002, 0, -1, 0.25 }
    };
    compare(reading, 4, 3, 1e-12);
}

static void outlines_that_run_across_one_another_along_one_axis_need_two(void)
{
    const outline_reading across[] = { { 0.01, 1, 0, 2 }, { 0.02, -1, 0, 1 } },
                          down[] = { { 0.01, 0, 1, 2 }, { 0.02, 0, -1, 1 } };
    compare(across, 2, 2, 1e-12);
    compare(down, 2, 2, 1e-12);
}

static void outlines_that_agree_are_one_row(void)
{
    const outline_reading same[] = { { 0.01, 0.6, 0.8, 1 }, { 0.01, 0.6, 0.8, 3 } },
                          nearly[] = { { 0.010, 0.600, 0.800, 1 }, { 0.012, 0.608, 0.794, 1 } };
    compare(same, 2, 1, 1e-12);
    compare(nearly, 2, 1, 1e-4);
}

static void an_outline_that_has_no_weight_says_nothing(void)
{
    const outline_reading far[] = { { 9, 1, 0, 0 }, { 9, 0, 1, 0 } };
    consensus_row row[CONSENSUS_ROWS];
    CHECK(consensus_of(far, 2, row) == 0);
}

TEST_MAIN(RUN(outlines_that_part_say_all_they_say_in_three_rows);
          RUN(outlines_that_run_across_one_another_along_one_axis_need_two); RUN(outlines_that_agree_are_one_row);
          RUN(an_outline_that_has_no_weight_says_nothing);)
