// The same photo of a real person, changed in ways that do not change the person: how far her measurements move.
#pragma once
#include "body/body.h"

// Every .jpg in folder with a stated height of 170 cm against: 171 cm, the photo mirrored, the photo at half its size
// and JPEG quality 60, and at other sizes. men: the numbers in the table of the photos that show men, "2,3", or NULL.
// Prints a table, or of many photos how their changes are spread, and writes it to its section of the page when page is
// not NULL. model [2] by body_sex.
bool photos_run(const char *folder, const char *men, bool many, const char *assets, body_model *const *model,
                const char *page, err *e) MUST_USE;
