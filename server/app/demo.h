// Inside the room: the demo shop. Its products are our own drawings; the page at / shows them.
#pragma once
#include "app/open.h"

// Makes the demo brand and those of its garments that are missing. secret: the text of a new secret key when the brand
// was made just now, else "".
bool demo_seed(app_stores *st, arena *a, char secret[64], uuid_text brand, err *e) MUST_USE;
