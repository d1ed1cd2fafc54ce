// The codecs' own files hold their encoders (jpeg.c, png.c): a third party's header is included in one place.
#include "image/encode.h"
#include "base/io.h"
#include "base/limits.h"

#include <string.h>
#include <strings.h>

#define SAVED_JPEG_QUALITY 92

bool image_save(const image *im, const char *path, err *e)
{
    const char *dot = strrchr(path, '.');
    bool png = dot && strcasecmp(dot, ".png") == 0;
    bool jpeg = dot && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0);
    if (!png && !jpeg) return fail(e, ERR_INPUT, "%.200s: a picture's name must end in .png or .jpg", path);
    if (jpeg && im->channels != 1 && im->channels != 3) {
        return fail(e, ERR_INPUT, "%.200s: a JPEG holds no transparency: save a .png", path);
    }
    buf b = buf_new((size_t)LIMIT_IMAGE_SIDE * LIMIT_IMAGE_SIDE * 5); // raw RGBA and its filter bytes fit
    bool ok = png ? image_encode_png(im, &b, e) : image_encode_jpeg(im, SAVED_JPEG_QUALITY, &b, e);
    ok = ok && io_write(path, b.data, b.len, e);
    buf_free(&b);
    return ok;
}
