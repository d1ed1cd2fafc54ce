// A garment as the shop knows it: what kind it is, what it is made of, its size chart; and what each of its sizes
// measures. Centimetres.
#pragma once
#include "body/tape.h"
#include "garment/chart.h"
#include "garment/fabric.h"

typedef enum {
    GARMENT_TSHIRT,
    GARMENT_SHIRT,
    GARMENT_DRESS,
    GARMENT_SKIRT,
    GARMENT_TROUSERS,
    GARMENT_HOODIE,
    GARMENT_CATEGORIES
} garment_category;
extern const char *const garment_category_word[GARMENT_CATEGORIES];
bool garment_category_read(const char *word, garment_category *out);

typedef enum { SILHOUETTE_SLIM, SILHOUETTE_REGULAR, SILHOUETTE_LOOSE } garment_silhouette;
extern const char *const garment_silhouette_word[3];

typedef struct {
    char name[64];
    garment_category category;
    garment_silhouette silhouette; // how its maker means it to sit
    fabric fabric;
    size_chart chart;
    bool imported; // its meshes are the brand's, else they are drafted from the chart
} garment;

// What garments of a category are usually made of, for those that do not say.
const fabric *garment_usual_fabric(garment_category c);

// garment.json. Text from outside: ERR_INPUT says what is wrong.
bool garment_parse(const char *json, size_t n, garment *out, err *e) MUST_USE;
bool garment_print(const garment *g, buf *out) MUST_USE;

// One place where a garment meets the body.
typedef struct {
    chart_dim dim;
    tape_measure site;
    double weight;             // in the score
    double least, ideal, most; // ease that lets one move, that is meant, beyond which it is loose; cm
} fit_region;

enum { FIT_MOST_REGIONS = 8 };
// The regions of a category for a body that measures body cm [TAPE_COUNT], without the fabric's part. Returns how many.
int garment_regions(garment_category c, garment_silhouette s, const double *body, fit_region *out);

typedef enum {
    MEASURE_CHART, // the chart says so of the garment
    MEASURE_BODY,  // the chart says which body it is for: that, and the ease of the category
    MEASURE_BLOCK  // the chart is silent: a usual block of this size
} measure_source;
extern const char *const measure_source_word[3];

typedef struct {
    double cm[DIM_COUNT];     // of the garment; girths around
    double spread[DIM_COUNT]; // standard deviation of what the chart and the sewing leave open
    double reach[DIM_COUNT];  // a body chart's range, halved: bodies that much to either side are meant as well
    measure_source source[DIM_COUNT];
} garment_measures;

// Every dimension of one size, as far as the category has it (0: it has none).
void garment_measure(const garment *g, int size, garment_measures *out);
