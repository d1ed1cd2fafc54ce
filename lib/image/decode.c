#include "image/decode.h"
#include "image/codec.h"
#include "image/heic.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/sandbox.h"

#include <string.h>

static bool begins(const uint8_t *data, size_t n, size_t at, const char *magic, size_t len)
{
    return n >= at + len && memcmp(data + at, magic, len) == 0;
}

// ISO/IEC 23008-12 section 10: a file type box whose major brand says HEVC-coded picture or picture sequence.
static bool is_heic(const uint8_t *data, size_t n)
{
    static const char brands[] = "heicheixhevchevxheimheismif1msf1";
    if (!begins(data, n, 4, "ftyp", 4) || n < 12) return false;
    for (size_t i = 0; i + 4 < sizeof brands; i += 4) {
        if (begins(data, n, 8, brands + i, 4)) return true;
    }
    return false;
}

image_format image_sniff(const uint8_t *data, size_t n)
{
    if (begins(data, n, 0, "\xFF\xD8\xFF", 3)) return IMAGE_JPEG;
    if (begins(data, n, 0, "\x89PNG\r\n\x1A\n", 8)) return IMAGE_PNG;
    if (begins(data, n, 0, "RIFF", 4) && begins(data, n, 8, "WEBP", 4)) return IMAGE_WEBP;
    if (is_heic(data, n)) return IMAGE_HEIC;
    return IMAGE_UNKNOWN;
}

// What the file is instead of a photo, as far as its first bytes tell: a shopper is helped more by a name.
static const char *what_it_is(const uint8_t *data, size_t n)
{
    static const struct {
        size_t at, len;
        const char *magic, *name;
    } kinds[] = {
        { 0, 4, "GIF8", "a GIF picture" },
        { 0, 2, "BM", "a BMP picture" },
        { 0, 4, "II*\0", "a TIFF or raw photo" },
        { 0, 4, "MM\0*", "a TIFF or raw photo" },
        { 0, 5, "%PDF-", "a PDF document" },
        { 8, 4, "avif", "an AVIF picture" },
        { 4, 4, "ftyp", "a video" },
        { 0, 4, "PK\3\4", "a ZIP archive or office document" },
        { 0, 4, "\x1A\x45\xDF\xA3", "a video" },
        { 0, 4, "RIFF", "a video or sound" },
        { 0, 4, "glTF", "a 3D model" },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (begins(data, n, kinds[i].at, kinds[i].magic, kinds[i].len)) return kinds[i].name;
    }
    size_t look = n < 512 ? n : 512;
    for (size_t i = 0; i < look; i++) {
        if (data[i] < 32 && data[i] != '\n' && data[i] != '\r' && data[i] != '\t') return "of an unknown kind";
    }
    return "a text file";
}

bool codec_decode(image_format format, const codec_input *in, image *out, image_meta *meta, err *e)
{
    codec_photo photo = { 0 };
    bool ok = false;
    switch (format) {
    case IMAGE_JPEG:
        ok = codec_jpeg(in, &photo, e);
        break;
    case IMAGE_PNG:
        ok = codec_png(in, &photo, e);
        break;
    case IMAGE_WEBP:
        ok = codec_webp(in, &photo, e);
        break;
    case IMAGE_HEIC:
        return fail(e, ERR_INTERNAL, "HEIC is read by its own program only");
    case IMAGE_UNKNOWN:
        if (in->n == 0) return fail(e, ERR_INPUT, "the file is empty: send a JPEG, PNG, WebP or HEIC photo");
        return fail(e, ERR_INPUT, "the file is %s, not a JPEG, PNG, WebP or HEIC photo: send a photo",
                    what_it_is(in->data, in->n));
    }
    if (ok) codec_finish(&photo, in->max_side, out, meta);
    return ok;
}

bool image_decode_unguarded(const uint8_t *data, size_t n, uint32_t max_side, image *out, image_meta *meta, err *e)
{
    codec_input in = { data, n, max_side, LIMIT_IMAGE_SIDE, LIMIT_IMAGE_PIXELS };
    return codec_decode(image_sniff(data, n), &in, out, meta, e);
}

// The result as it comes out of the child: the pixels, then this. The pixels are first so that the very block of memory
// the sandbox returns becomes the image's.
typedef struct {
    uint32_t width, height;
    image_meta meta;
} decode_trailer;

bool codec_pack(const image *im, const image_meta *meta, uint8_t *output, size_t output_max, size_t *output_len, err *e)
{
    decode_trailer t = { im->width, im->height, *meta };
    size_t bytes = (size_t)im->width * im->height * 3;
    if (output_max < sizeof t || bytes > output_max - sizeof t) {
        return fail(e, ERR_LIMIT, "the photo is larger than its reader was told to expect");
    }
    memcpy(output, im->px, bytes);
    memcpy(output + bytes, &t, sizeof t);
    *output_len = bytes + sizeof t;
    return true;
}

size_t codec_packed_max(void) { return (size_t)LIMIT_IMAGE_PIXELS * 3 + sizeof(decode_trailer); }

// Takes bytes over. What a captured child may say is bounded here: a size that fits its bytes.
static bool unpack(uint8_t *bytes, size_t len, image *out, image_meta *meta, err *e)
{
    decode_trailer t = { 0 };
    if (len >= sizeof t) memcpy(&t, bytes + len - sizeof t, sizeof t);
    bool sound = t.width && t.height && t.width <= LIMIT_IMAGE_SIDE && t.height <= LIMIT_IMAGE_SIDE &&
                 (size_t)t.width * t.height * 3 + sizeof t == len;
    if (!sound) {
        mem_free(bytes);
        return fail(e, ERR_INPUT, "the photo made its reader answer nonsense: send another copy");
    }
    *out = (image){ bytes, t.width, t.height, 3 };
    float focal = t.meta.focal_35mm;
    if (meta) *meta = (image_meta){ .focal_35mm = focal > 0 && focal < 65536 ? focal : 0 };
    return true;
}

static bool decode_job(const uint8_t *input, size_t input_len, const void *arg, uint8_t *output, size_t output_max,
                       size_t *output_len, err *e)
{
    uint32_t max_side;
    memcpy(&max_side, arg, sizeof max_side);
    image im = { 0 };
    image_meta meta = { 0 };
    if (!image_decode_unguarded(input, input_len, max_side, &im, &meta, e)) return false;
    bool ok = codec_pack(&im, &meta, output, output_max, output_len, e);
    image_free(&im);
    return ok;
}

bool image_decode(const uint8_t *data, size_t n, uint32_t max_side, image *out, image_meta *meta, err *e)
{
    if (n > LIMIT_IMAGE_BYTES) {
        return fail(e, ERR_LIMIT, "the photo has %zu MB; at most %zu MB are accepted: send a smaller copy",
                    (n + MIB - 1) / MIB, LIMIT_IMAGE_BYTES / MIB);
    }
    sandbox_task task = { .what = "the photo",
                          .input = data,
                          .input_len = n,
                          .arg = &max_side,
                          .arg_len = sizeof max_side,
                          .output_max = codec_packed_max(),
                          .memory_max = LIMIT_DECODE_MEMORY,
                          .cpu_seconds = LIMIT_DECODE_CPU_SECONDS };
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool ok = image_sniff(data, n) == IMAGE_HEIC ? heic_run(&task, &bytes, &len, e)
                                                 : sandbox_run(&task, decode_job, &bytes, &len, e);
    return ok && unpack(bytes, len, out, meta, e);
}

bool image_load(const char *path, uint32_t max_side, image *out, image_meta *meta, err *e)
{
    buf b = buf_new(LIMIT_IMAGE_BYTES);
    bool ok = io_read(path, &b, e) && (image_decode(b.data, b.len, max_side, out, meta, e) || fail_within(e, path));
    buf_free(&b);
    return ok;
}
