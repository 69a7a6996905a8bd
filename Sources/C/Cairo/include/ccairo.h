#pragma once
// Pictures by cairo, loaded at first use: only who asks for a PNG needs it. The few functions are declared in cairo.c, as
// libcairo2-dev brings thirty packages to a build that links nothing of it.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Loads cairo once; null on success, otherwise what the loader said. Everything below may be called only then.
const char *ccairo_load(void);

/// A clear picture, to be freed; null where there is no memory. Colours are 0xRRGGBBAA.
void *ccairo_new(int width, int height);
void ccairo_free(void *picture);
void ccairo_rectangle(void *picture, double x, double y, double width, double height, uint32_t colour);
/// `points` are pairs of x and y.
void ccairo_line(void *picture, const double *points, size_t count, double width, uint32_t colour);
/// `anchor` says which part of the text is at x: 0 its begin, 0.5 its middle, 1 its end.
void ccairo_text(
    void *picture, double x, double y, double size, bool is_bold, double anchor, const char *text, uint32_t colour);
/// Hands the bytes of a PNG to `take` piece by piece; false where it could not be made.
bool ccairo_png(void *picture, int (*take)(void *context, const uint8_t *bytes, unsigned count), void *context);
