#include "drape_people.h"

#include <string.h>

const drape_person drape_people[DRAPE_PEOPLE] = {
    { "f163_62", SEX_FEMALE, 1.63, 62 }, { "m182_125", SEX_MALE, 1.82, 125 },   { "f150_42", SEX_FEMALE, 1.50, 42 },
    { "m195_95", SEX_MALE, 1.95, 95 },   { "f168_105", SEX_FEMALE, 1.68, 105 }, { "m176_55", SEX_MALE, 1.76, 55 },
    { "f158_72", SEX_FEMALE, 1.58, 72 }, { "m178_78", SEX_MALE, 1.78, 78 },     { "f165_50", SEX_FEMALE, 1.65, 50 },
    { "m170_90", SEX_MALE, 1.70, 90 },   { "f180_75", SEX_FEMALE, 1.80, 75 },   { "m160_58", SEX_MALE, 1.60, 58 },
};

bool drape_person_open(const char *assets, int i, wearer *w, err *e)
{
    const drape_person *who = &drape_people[i];
    return wearer_expected(assets, who->sex, &(survey_answers){ who->height, who->weight, 0 }, 0.002, w, e);
}

int drape_wardrobe(const wearer *w, body_sex sex, garment_category c, garment *g, fit_result *fit)
{
    memset(g, 0, sizeof *g);
    g->category = c;
    g->silhouette = SILHOUETTE_REGULAR;
    g->fabric = *garment_usual_fabric(c);
    chart_standard(sex == SEX_MALE, &g->chart);
    fit_judge(g, &w->fit, PREFER_REGULAR, fit);
    int best = 0;
    for (int i = 0; i < g->chart.count; i++)
        if (fit->size[i].score > fit->size[best].score) best = i;
    int from = best - DRAPE_SIZES / 2, most = g->chart.count - DRAPE_SIZES;
    return from < 0 ? 0 : from > most ? most : from;
}
