// The twelve people that drapes are measured on, and what they wear.
#pragma once
#include "garment/drape.h"

enum { DRAPE_PEOPLE = 12, DRAPE_SIZES = 5 };

typedef struct {
    const char *name;
    body_sex sex;
    double height, weight; // m, kg
} drape_person;
extern const drape_person drape_people[DRAPE_PEOPLE];

// The mean person of this height, weight and sex.
bool drape_person_open(const char *assets, int i, wearer *w, err *e) MUST_USE;

// A garment of the built-in letters and the category's usual cloth, how its sizes fit, and the five sizes around the
// one that fits best.
int drape_wardrobe(const wearer *w, body_sex sex, garment_category c, garment *g, fit_result *fit);
