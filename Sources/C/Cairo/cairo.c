#include "ccairo.h"
#include "loadable.h"

// As cairo 1.x declares them; its interface has been kept since 2005.
typedef struct { double x_bearing, y_bearing, width, height, x_advance, y_advance; } extents;
typedef int writer(void *context, const uint8_t *bytes, unsigned count);
enum { argb32 = 0, weight_normal = 0, weight_bold = 1, slant_normal = 0, join_round = 1 };
void *cairo_image_surface_create(int format, int width, int height);
void cairo_surface_destroy(void *surface);
int cairo_surface_write_to_png_stream(void *surface, writer *write, void *context);
void *cairo_create(void *surface);
void cairo_destroy(void *picture);
int cairo_status(void *picture);
void *cairo_get_target(void *picture);
void cairo_set_source_rgba(void *picture, double red, double green, double blue, double alpha);
void cairo_rectangle(void *picture, double x, double y, double width, double height);
void cairo_fill(void *picture);
void cairo_move_to(void *picture, double x, double y);
void cairo_line_to(void *picture, double x, double y);
void cairo_set_line_width(void *picture, double width);
void cairo_set_line_join(void *picture, int join);
void cairo_stroke(void *picture);
void cairo_select_font_face(void *picture, const char *family, int slant, int weight);
void cairo_set_font_size(void *picture, double size);
void cairo_text_extents(void *picture, const char *text, extents *found);
void cairo_show_text(void *picture, const char *text);

#define FUNCTIONS(X)                                                                                              \
    X(cairo_image_surface_create) X(cairo_surface_destroy) X(cairo_surface_write_to_png_stream) X(cairo_create)    \
    X(cairo_destroy) X(cairo_status) X(cairo_get_target) X(cairo_set_source_rgba) X(cairo_rectangle)               \
    X(cairo_fill) X(cairo_move_to) X(cairo_line_to) X(cairo_set_line_width) X(cairo_set_line_join)                 \
    X(cairo_stroke) X(cairo_select_font_face) X(cairo_set_font_size) X(cairo_text_extents) X(cairo_show_text)

LOADABLE_LIBRARY("libcairo.so.2", FUNCTIONS)

const char *ccairo_load(void) { return load_api(); }

void *ccairo_new(int width, int height) {
    void *surface = api.cairo_image_surface_create(argb32, width, height);
    void *picture = api.cairo_create(surface);
    // The picture holds the surface from here on.
    api.cairo_surface_destroy(surface);
    if (api.cairo_status(picture) != 0) {
        api.cairo_destroy(picture);
        return NULL;
    }
    return picture;
}

void ccairo_free(void *picture) { api.cairo_destroy(picture); }

static void set(void *picture, uint32_t colour) {
    api.cairo_set_source_rgba(
        picture, (colour >> 24) / 255.0, (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
        (colour & 255) / 255.0);
}

void ccairo_rectangle(void *picture, double x, double y, double width, double height, uint32_t colour) {
    set(picture, colour);
    api.cairo_rectangle(picture, x, y, width, height);
    api.cairo_fill(picture);
}

void ccairo_line(void *picture, const double *points, size_t count, double width, uint32_t colour) {
    if (count < 4) return;
    set(picture, colour);
    api.cairo_set_line_width(picture, width);
    api.cairo_set_line_join(picture, join_round);
    api.cairo_move_to(picture, points[0], points[1]);
    for (size_t place = 2; place + 1 < count; place += 2) api.cairo_line_to(picture, points[place], points[place + 1]);
    api.cairo_stroke(picture);
}

void ccairo_text(
    void *picture, double x, double y, double size, bool is_bold, double anchor, const char *text, uint32_t colour) {
    set(picture, colour);
    api.cairo_select_font_face(picture, "sans-serif", slant_normal, is_bold ? weight_bold : weight_normal);
    api.cairo_set_font_size(picture, size);
    extents found = {0};
    if (anchor > 0) api.cairo_text_extents(picture, text, &found);
    api.cairo_move_to(picture, x - found.x_advance * anchor, y);
    api.cairo_show_text(picture, text);
}

bool ccairo_png(void *picture, int (*take)(void *context, const uint8_t *bytes, unsigned count), void *context) {
    return api.cairo_surface_write_to_png_stream(api.cairo_get_target(picture), take, context) == 0;
}
