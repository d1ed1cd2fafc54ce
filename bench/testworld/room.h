// The room behind a person of the test world: a wall and a floor with a few things, seen by the same camera.
#pragma once
#include "base/rng.h"
#include "mesh/raster.h"

// Fills the canvas (3 channels).
void room_draw(image *canvas, const raster_camera *camera, rng *r);
