#include "accuracy/figures.h"

#include <math.h>

static const double NINETY = 1.6449;

void tally_add(tally *t, double off, double sd, double off_a)
{
    t->n++;
    t->held += fabs(off) <= NINETY * sd;
    t->sum += off;
    t->sum_abs += fabs(off);
    t->sum_sd += sd;
    double gain = fabs(off_a) - fabs(off);
    t->sum_gain += gain;
    t->sum_gain2 += gain * gain;
}

double tally_mean(double sum, int n) { return n ? sum / n : 0; }

double tally_worst(const tally by_sex[2]) { return fmax(tally_mae(&by_sex[0]), tally_mae(&by_sex[1])); }

double tally_coverage(const tally *t, int count)
{
    int n = 0, held = 0;
    for (int i = 0; i < count; i++) n += t[i].n, held += t[i].held;
    return tally_mean(held, n);
}

const tape_measure girths[GIRTHS] = { TAPE_CHEST_GIRTH, TAPE_WAIST_NATURAL_GIRTH, TAPE_HIP_GIRTH };

const stratum strata[STRATA] = {
    { "A", "A: height, weight, age", 'A', true, true, true, false },
    { "B", "B: and a front photo, fitted clothes", 'B', true, false, true, false },
    { "C", "C: and a side photo, fitted clothes", 'C', true, false, true, false },
    { "B_loose", "B, loose clothes", 'B', true, true, false, false },
    { "C_loose", "C, loose clothes", 'C', true, true, false, false },
    { "A_no_weight", "A without the weight", 'A', false, true, true, false },
    { "B_no_weight", "B without the weight, fitted clothes", 'B', false, false, true, false },
    { "C_no_weight", "C without the weight, fitted clothes", 'C', false, false, true, false },
    { "B_loose_no_weight", "B without the weight, loose clothes", 'B', false, true, false, false },
    { "C_loose_no_weight", "C without the weight, loose clothes", 'C', false, true, false, false },
    { "A_untold", "A, sex not told", 'A', true, true, true, true },
    { "B_untold", "B, sex not told, fitted clothes", 'B', true, false, true, true },
    { "C_untold", "C, sex not told, fitted clothes", 'C', true, false, true, true },
    { "B_loose_untold", "B, sex not told, loose clothes", 'B', true, true, false, true },
    { "C_loose_untold", "C, sex not told, loose clothes", 'C', true, true, false, true },
    { "B_untold_no_weight", "B, neither sex nor weight told, fitted clothes", 'B', false, false, true, true },
};

bool stratum_has(const stratum *s, const trial *t)
{
    bool baggy = t->clothes == OUTFIT_LOOSE;
    return (baggy ? s->baggy : s->snug) && stratum_result(s, t, s->mode - 'A')->made;
}

const trial_result *stratum_result(const stratum *s, const trial *t, int photos)
{
    return s->untold ? &t->untold[photos][s->weighed] : &t->result[photos][s->weighed];
}

void stratum_tally(const stratum *s, const trial *trials, int people, tally t[TAPE_COUNT][2])
{
    for (int i = 0; i < people; i++) {
        const trial *p = &trials[i];
        if (!stratum_has(s, p)) continue;
        const trial_result *r = stratum_result(s, p, s->mode - 'A'), *a = stratum_result(s, p, 0);
        for (int k = 0; k < TAPE_COUNT; k++)
            tally_add(&t[k][p->sex], r->value[k] - p->truth[k], r->sd[k], a->value[k] - p->truth[k]);
    }
}

const char *const group_name[GROUPS] = {
    "everybody",
    "women",
    "men",
    "BMI under 22",
    "BMI 22 to 25",
    "BMI 25 to 30",
    "BMI 30 and more",
    "skin-tight clothes",
    "fitted clothes",
    "loose clothes",
    "standing straight",
    "weight on one leg",
    "turned 5 degrees or more",
    "camera at most 1.2 m high",
    "camera higher than 1.2 m",
    "focal length known",
    "focal length unknown",
    "fitted or loose: really draped",
    "fitted or loose: shells",
};

bool group_has(int group, const trial *t)
{
    bool leaning = t->lean >= 2, turned = t->turned >= 5;
    switch (group) {
    case 1:
    case 2:
        return (int)t->sex == group - 1;
    case 3:
        return t->bmi < 22;
    case 4:
        return t->bmi >= 22 && t->bmi < 25;
    case 5:
        return t->bmi >= 25 && t->bmi < 30;
    case 6:
        return t->bmi >= 30;
    case 7:
    case 8:
    case 9:
        return (int)t->clothes == group - 7;
    case 10:
        return !leaning && !turned;
    case 11:
        return leaning;
    case 12:
        return turned;
    case 13:
        return t->eye <= 1.2f;
    case 14:
        return t->eye > 1.2f;
    case 15:
        return t->exif;
    case 16:
        return !t->exif;
    case 17:
        return t->draped;
    case 18:
        return !t->draped && t->clothes != OUTFIT_TIGHT;
    default:
        return true;
    }
}
