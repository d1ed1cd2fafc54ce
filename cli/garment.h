// What the subcommands about garments share: a garment's folder.
#pragma once
#include "garment/import.h"

bool cli_read_garment(const char *folder, garment *g, err *e) MUST_USE;
bool cli_write_garment(const garment *g, const char *folder, err *e) MUST_USE;
// Reads the files, one a size, judges them and writes the garment's folder with qa.json, which is printed too.
bool cli_import_garment(garment *g, const char *const *word, int words, const char *folder, err *e) MUST_USE;
// The mesh of a size of an imported garment.
bool cli_read_mesh(const char *folder, const garment *g, int size, imported *out, err *e) MUST_USE;
