// Lines, discs and small text on a picture, anti-aliased: for previews and plots.
#pragma once
#include "image/image.h"

typedef struct {
    uint8_t r, g, b, a;
} draw_color;

void draw_line(image *im, float x0, float y0, float x1, float y1, float width, draw_color c);
void draw_disc(image *im, float x, float y, float radius, draw_color c);
void draw_rect(image *im, int x, int y, int w, int h, draw_color c);
// Text in the built-in 8x16 font (ASCII), top left at x, y, magnified by scale; returns the width in pixels.
int draw_text(image *im, int x, int y, int scale, draw_color c, const char *text);
// Blends color over im where mask (1 channel, im's size) is not 0, and draws its outline.
void draw_mask(image *im, const image *mask, draw_color fill, draw_color outline);
// Box-blurs the ellipse until no face can be known in it.
void draw_blur_ellipse(image *im, float cx, float cy, float rx, float ry);
void draw_image(image *im, int x, int y, const image *src); // clipped
