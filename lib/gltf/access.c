#include "gltf/access.h"
#include "gltf/meshopt.h"
#include "base/limits.h"

#include <string.h>

enum { BYTE = 5120, UBYTE, SHORT, USHORT, UINT = 5125, FLOAT };

bool glb_int(const glb_file *f, const json_t *object, const char *key, int64_t lo, int64_t hi, int64_t fallback,
             int64_t *out)
{
    const json_t *v = json_object_get(object, key);
    *out = fallback;
    if (!v) return true;
    if (!json_is_integer(v)) return fail(f->e, ERR_INPUT, "%s is not an integer", key);
    *out = json_integer_value(v);
    if (*out >= lo && *out <= hi) return true;
    return fail(f->e, ERR_INPUT, "%s is %lld, outside %lld to %lld", key, (long long)*out, (long long)lo,
                (long long)hi);
}

bool glb_floats(const glb_file *f, const json_t *object, const char *key, int n, double *out)
{
    const json_t *v = json_object_get(object, key);
    if (!v) return true;
    if (json_array_size(v) != (size_t)n) return fail(f->e, ERR_INPUT, "%s has not %d numbers", key, n);
    for (int i = 0; i < n; i++) {
        const json_t *x = json_array_get(v, (size_t)i);
        if (!json_is_number(x)) return fail(f->e, ERR_INPUT, "%s has not %d numbers", key, n);
        out[i] = json_number_value(x);
    }
    return true;
}

// --- views ---

typedef struct {
    const uint8_t *data;
    size_t length, stride; // stride 0: tight
} view;

static int64_t count_of(const glb_file *f, const char *key)
{
    return (int64_t)json_array_size(json_object_get(f->top, key));
}

static bool read_range(const glb_file *f, const json_t *v, size_t *offset, size_t *length)
{
    int64_t at, n, hi = (int64_t)LIMIT_GLB_MEMORY;
    if (!glb_int(f, v, "byteOffset", 0, hi, 0, &at) || !glb_int(f, v, "byteLength", 1, hi, 0, &n)) return false;
    *offset = (size_t)at, *length = (size_t)n;
    return n > 0 || fail(f->e, ERR_INPUT, "a buffer view has no byteLength");
}

// Bytes of the file: buffer must be the binary chunk.
static bool open_bytes(const glb_file *f, const json_t *v, const uint8_t **data, size_t *length)
{
    int64_t buffer, hi = count_of(f, "buffers") - 1;
    size_t offset;
    if (!glb_int(f, v, "buffer", 0, hi, -1, &buffer) || !read_range(f, v, &offset, length)) return false;
    const json_t *b = json_array_get(json_object_get(f->top, "buffers"), (size_t)buffer);
    if (json_object_get(b, "uri")) {
        return fail(f->e, ERR_INPUT, "its data is in another file or inline text: export it as one binary .glb file");
    }
    if (buffer != 0) return fail(f->e, ERR_INPUT, "it refers to buffer %lld, which has no data", (long long)buffer);
    int64_t declared;
    if (!glb_int(f, b, "byteLength", 1, (int64_t)f->bin_len, 0, &declared)) return false;
    if (offset > (size_t)declared || *length > (size_t)declared - offset) {
        return fail(f->e, ERR_INPUT, "a buffer view reaches past the end of its buffer");
    }
    *data = f->bin + offset;
    return true;
}

static bool named(const json_t *object, const char *key, const char *const *names, int n, int *out)
{
    const char *s = json_string_value(json_object_get(object, key));
    for (int i = 0; s && i < n; i++) {
        if (strcmp(s, names[i]) == 0) return *out = i, true;
    }
    return s == NULL; // absent: out keeps its default
}

// EXT_meshopt_compression: the view's bytes, length long, are unpacked once and kept.
static bool unpack(glb_file *f, int64_t index, const json_t *ext, size_t length, const uint8_t **out)
{
    static const char *const modes[] = { "ATTRIBUTES", "TRIANGLES", "INDICES" };
    static const char *const filters[] = { "NONE", "OCTAHEDRAL", "QUATERNION", "EXPONENTIAL" };
    unpacked_view *u = &f->unpacked[index];
    *out = u->bytes;
    if (u->bytes) return true;
    const uint8_t *packed;
    size_t packed_length;
    int64_t count, stride;
    int mode = -1, filter = 0;
    if (!open_bytes(f, ext, &packed, &packed_length)) return false;
    if (!glb_int(f, ext, "count", 1, 3 * (int64_t)LIMIT_GLB_TRIANGLES, 0, &count)) return false;
    if (!glb_int(f, ext, "byteStride", 1, 256, 0, &stride)) return false;
    if (!named(ext, "mode", modes, 3, &mode) || mode < 0 || !named(ext, "filter", filters, 4, &filter)) {
        return fail(f->e, ERR_INPUT, "a packed buffer view has an unknown mode or filter");
    }
    if ((size_t)count * (size_t)stride != length) {
        return fail(f->e, ERR_INPUT, "a packed buffer view has not count * byteStride bytes");
    }
    // No mode packs more than 64 to 1 (two bits stand for sixteen bytes): a cheap look before memory is spent.
    if (length / 64 > packed_length) return fail(f->e, ERR_INPUT, "a packed buffer view is cut short");
    u->bytes = arena_alloc(f->memory, (size_t)count, (size_t)stride);
    if (!u->bytes) return fail(f->e, ERR_LIMIT, "it unpacks to more than %zu MB", LIMIT_GLB_MEMORY / MIB);
    *out = u->bytes;
    return meshopt_unpack((meshopt_mode)mode, (meshopt_filter)filter, packed, packed_length, (size_t)count,
                          (size_t)stride, u->bytes) ||
           fail(f->e, ERR_INPUT, "a packed buffer view is damaged");
}

static bool open_view(glb_file *f, int64_t index, view *out)
{
    const json_t *v = json_array_get(json_object_get(f->top, "bufferViews"), (size_t)index);
    const json_t *ext = json_object_get(json_object_get(v, "extensions"), "EXT_meshopt_compression");
    int64_t stride;
    if (!glb_int(f, v, "byteStride", 4, 252, 0, &stride)) return false;
    out->stride = (size_t)stride;
    if (!ext) return open_bytes(f, v, &out->data, &out->length);
    size_t offset; // into a buffer that does not exist: of no meaning
    return read_range(f, v, &offset, &out->length) && unpack(f, index, ext, out->length, &out->data);
}

// --- accessors ---

static int component_size(int64_t type)
{
    switch (type) {
    case BYTE:
    case UBYTE:
        return 1;
    case SHORT:
    case USHORT:
        return 2;
    case UINT:
    case FLOAT:
        return 4;
    default:
        return 0;
    }
}

static bool read_kind(const glb_file *f, const json_t *a, glb_accessor *out)
{
    static const struct {
        const char *name;
        int components;
    } kinds[] = { { "SCALAR", 1 }, { "VEC2", 2 }, { "VEC3", 3 }, { "VEC4", 4 }, { "MAT4", 16 } };
    int64_t component;
    if (!glb_int(f, a, "componentType", BYTE, FLOAT, 0, &component)) return false;
    const char *type = json_string_value(json_object_get(a, "type"));
    out->component = (int)component;
    for (size_t i = 0; type && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(type, kinds[i].name) == 0) out->components = kinds[i].components;
    out->normalized = json_is_true(json_object_get(a, "normalized")) && component < UINT;
    return (out->components && component_size(component)) ||
           fail(f->e, ERR_INPUT, "an accessor has a type or componentType we do not read");
}

static bool open_accessor(glb_file *f, int64_t index, glb_accessor *out)
{
    const json_t *a = json_array_get(json_object_get(f->top, "accessors"), (size_t)index);
    *out = (glb_accessor){ 0 };
    int64_t offset, count, view_index;
    if (!a) return fail(f->e, ERR_INPUT, "there is no accessor %lld", (long long)index);
    if (json_object_get(a, "sparse"))
        return fail(f->e, ERR_INPUT, "sparse accessors are not read: export without them");
    if (!read_kind(f, a, out) || !glb_int(f, a, "byteOffset", 0, (int64_t)LIMIT_GLB_MEMORY, 0, &offset) ||
        !glb_int(f, a, "count", 1, 3 * (int64_t)LIMIT_GLB_TRIANGLES, 0, &count) ||
        !glb_int(f, a, "bufferView", 0, count_of(f, "bufferViews") - 1, -1, &view_index)) {
        return false;
    }
    if (count == 0) return fail(f->e, ERR_INPUT, "an accessor has no count");
    out->count = (size_t)count;
    if (view_index < 0) return true; // all zero, says the specification
    view v;
    if (!open_view(f, view_index, &v)) return false;
    size_t element = (size_t)(component_size(out->component) * out->components), last;
    out->stride = v.stride ? v.stride : element;
    if (__builtin_mul_overflow((size_t)count - 1, out->stride, &last) || __builtin_add_overflow(last, element, &last) ||
        __builtin_add_overflow(last, (size_t)offset, &last) || last > v.length) {
        return fail(f->e, ERR_INPUT, "an accessor reaches past the end of its buffer view");
    }
    out->data = v.data + offset;
    return true;
}

bool glb_accessor_open(glb_file *f, int64_t index, const char *what, glb_accessor *out)
{
    return open_accessor(f, index, out) || fail_within(f->e, what);
}

// --- numbers ---

double glb_number(const glb_accessor *a, size_t i, int k)
{
    if (!a->data) return 0;
    const uint8_t *p = a->data + i * a->stride + (size_t)(k * component_size(a->component));
    switch (a->component) {
    case BYTE: {
        double v = (int8_t)p[0];
        return !a->normalized ? v : v < -127 ? -1 : v / 127;
    }
    case UBYTE:
        return a->normalized ? p[0] / 255.0 : p[0];
    case SHORT: {
        int16_t s;
        memcpy(&s, p, sizeof s);
        return !a->normalized ? s : s < -32767 ? -1 : s / 32767.0;
    }
    case USHORT: {
        uint16_t s;
        memcpy(&s, p, sizeof s);
        return a->normalized ? s / 65535.0 : s;
    }
    case FLOAT: {
        float x;
        memcpy(&x, p, sizeof x);
        return (double)x;
    }
    default:
        return glb_integer(a, i, k);
    }
}

uint32_t glb_integer(const glb_accessor *a, size_t i, int k)
{
    if (!a->data) return 0;
    int size = component_size(a->component);
    uint32_t v = 0;
    memcpy(&v, a->data + i * a->stride + (size_t)(k * size), (size_t)size); // little-endian
    return v;
}
