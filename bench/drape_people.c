#include "drape_people.h"
#include "base/mem.h"
#include "body/prior.h"

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
    float zero[BODY_MAX_BETAS] = { 0 }, betas[BODY_MAX_BETAS];
    if (!wearer_of_betas(assets, who->sex, zero, w, e)) return false;
    body_gaussian *g = mem_new(1, sizeof *g);
    tape *t = tape_new(w->model);
    survey_answers a = { who->height, who->weight, 0 };
    body_prior_given(w->model, t, &a, 0.002, g);
    for (int k = 0; k < w->model->betas; k++) betas[k] = (float)g->mean[k];
    tape_free(t);
    mem_free(g);
    wearer_close(w);
    return wearer_of_betas(assets, who->sex, betas, w, e);
}

int drape_wardrobe(const wearer *w, body_sex sex, garment_category c, garment *g, fit_result *fit)
{
    static const char *const usual[GARMENT_CATEGORIES] = { "jersey", "shirting", "satin", "twill", "denim", "fleece" };
    memset(g, 0, sizeof *g);
    g->category = c;
    g->silhouette = SILHOUETTE_REGULAR;
    g->fabric = *fabric_preset(usual[c]);
    chart_standard(sex == SEX_MALE, &g->chart);
    fit_judge(g, &w->fit, PREFER_REGULAR, fit);
    int best = 0;
    for (int i = 0; i < g->chart.count; i++)
        if (fit->size[i].score > fit->size[best].score) best = i;
    int from = best - DRAPE_SIZES / 2, most = g->chart.count - DRAPE_SIZES;
    return from < 0 ? 0 : from > most ? most : from;
}
