#include "garment/chart.h"

#include <stdio.h>
#include <string.h>

// Letters with the body girths they stand for, in the manner of EN 13402-3: bands of 8 cm of the chest from 82 cm on,
// wider ones above. Read off retailers' published charts, because the standard's own table is not free; a brand's own
// chart is always better, and what comes from here is marked.
static const char *const letter[9] = { "XXS", "XS", "S", "M", "L", "XL", "XXL", "3XL", "4XL" };
static const double women[3][10] = { { 74, 78, 82, 90, 98, 107, 119, 131, 143, 155 },
                                     { 62, 64, 66, 74, 82.5, 93, 105, 117.5, 131.5, 145.5 },
                                     { 79, 83, 87, 94.5, 100.5, 107.5, 117.5, 128, 140, 152 } };
static const double men[3][9] = { { 78, 86, 94, 102, 110, 118, 126, 134, 142 },
                                  { 66, 74, 82, 90, 98.5, 107.5, 116.5, 125.5, 134.5 },
                                  { 82, 89, 95.5, 102, 108.5, 115, 122, 129, 136 } };

void chart_standard(bool for_men, size_chart *out)
{
    static const chart_dim dim[3] = { DIM_CHEST, DIM_WAIST, DIM_HIP };
    memset(out, 0, sizeof *out);
    out->tolerance = 1.5;
    out->standard = true;
    out->count = for_men ? 8 : 9;
    for (int i = 0; i < out->count; i++) {
        snprintf(out->size[i].name, sizeof out->size[i].name, "%s", letter[for_men ? i + 1 : i]);
        for (int d = 0; d < 3; d++) {
            const double *edge = for_men ? men[d] : women[d];
            out->size[i].value[dim[d]] = (chart_range){ edge[i], edge[i + 1] };
        }
    }
}
