// The machine of Python's Lib/pickletools.py: a stack, a memo and a list of marks.
#include "import/pickle.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STACK_MAX = 1 << 22 }; // a long list is laid on the stack in parts; Python's own pickler takes 1000 at a time

struct pickle {
    arena *memory;
    pickle_value *root;
};

typedef struct {
    const uint8_t *start, *at, *end;
    arena *memory;
    pickle_value **stack, **memo;
    size_t depth, stack_cap, memo_cap, memo_count;
    size_t *mark;
    size_t marks, mark_cap;
    err *e;
} machine;

#define READ_FAILED(m, ...) (fail((m)->e, ERR_INPUT, __VA_ARGS__), (void *)NULL)

// --- bytes ---

static bool cut_short(machine *m) { return fail(m->e, ERR_INPUT, "the pickle is cut short"); }

static const uint8_t *take(machine *m, uint64_t n)
{
    if (n > (uint64_t)(m->end - m->at)) return cut_short(m), NULL;
    const uint8_t *p = m->at;
    m->at += n;
    return p;
}

// A little-endian number of n bytes, at most 8.
static bool take_number(machine *m, int n, uint64_t *out)
{
    const uint8_t *p = take(m, (uint64_t)n);
    *out = 0;
    for (int i = 0; p && i < n; i++) *out |= (uint64_t)p[i] << (8 * i);
    return p != NULL;
}

// A line without its newline.
static const uint8_t *take_line(machine *m, size_t *len)
{
    const uint8_t *p = m->at, *newline = memchr(p, '\n', (size_t)(m->end - p));
    if (!newline) return cut_short(m), NULL;
    *len = (size_t)(newline - p);
    m->at = newline + 1;
    return p;
}

// --- values ---

static pickle_value *out_of_room(machine *m)
{
    fail(m->e, ERR_LIMIT, "the pickle builds more than %zu MiB of objects", LIMIT_PICKLE_MEMORY / MIB);
    return NULL;
}

static pickle_value *value(machine *m, pickle_kind kind)
{
    pickle_value *v = arena_array(m->memory, pickle_value, 1);
    if (!v) return out_of_room(m);
    v->kind = kind;
    return v;
}

static bool push(machine *m, pickle_value *v)
{
    if (!v) return false;
    if (m->depth == STACK_MAX) return out_of_room(m), false;
    if (m->depth == m->stack_cap) {
        m->stack_cap *= 2;
        m->stack = mem_grow(m->stack, m->stack_cap, sizeof *m->stack);
    }
    m->stack[m->depth++] = v;
    return true;
}

// How far the stack may be taken down: to the last mark.
static size_t bottom(const machine *m) { return m->marks ? m->mark[m->marks - 1] : 0; }

static pickle_value *pop(machine *m)
{
    if (m->depth <= bottom(m)) return READ_FAILED(m, "the pickle takes from an empty stack");
    return m->stack[--m->depth];
}

static pickle_value *top(machine *m)
{
    if (m->depth <= bottom(m)) return READ_FAILED(m, "the pickle looks at an empty stack");
    return m->stack[m->depth - 1];
}

static bool push_mark(machine *m)
{
    if (m->marks == STACK_MAX) return out_of_room(m), false;
    if (m->marks == m->mark_cap) {
        m->mark_cap = m->mark_cap ? 2 * m->mark_cap : 64;
        m->mark = mem_grow(m->mark, m->mark_cap, sizeof *m->mark);
    }
    m->mark[m->marks++] = m->depth;
    return true;
}

// Takes down the stack to the last mark: *first [*count] is valid until the next push.
static bool pop_mark(machine *m, pickle_value ***first, size_t *count)
{
    if (!m->marks) return fail(m->e, ERR_INPUT, "the pickle closes a group it has not opened");
    size_t at = m->mark[--m->marks];
    *first = m->stack + at;
    *count = m->depth - at;
    m->depth = at;
    return true;
}

static bool extend(machine *m, pickle_value *v, pickle_value *const *items, size_t count)
{
    if (count > UINT32_MAX / 2 - v->count) return out_of_room(m), false;
    uint32_t need = v->count + (uint32_t)count;
    if (need > v->cap) {
        uint32_t cap = v->cap ? 2 * v->cap : (uint32_t)count;
        if (cap < need) cap = need;
        pickle_value **grown = arena_array(m->memory, pickle_value *, cap);
        if (!grown) return out_of_room(m), false;
        if (v->count) memcpy(grown, v->item, v->count * sizeof(*grown));
        v->item = grown;
        v->cap = cap;
    }
    if (count) memcpy(v->item + v->count, items, count * sizeof *items);
    v->count = need;
    return true;
}

static pickle_value *container(machine *m, pickle_kind kind, pickle_value *const *items, size_t count)
{
    pickle_value *v = value(m, kind);
    if (v && count && !extend(m, v, items, count)) return NULL;
    if (v && kind == PICKLE_DICT && count % 2) return READ_FAILED(m, "the pickle has a dict with a key and no value");
    return v;
}

static bool push_marked(machine *m, pickle_kind kind)
{
    pickle_value **first = NULL;
    size_t count = 0;
    return pop_mark(m, &first, &count) && push(m, container(m, kind, first, count));
}

static bool push_last(machine *m, size_t count) // a tuple of the topmost count values
{
    if (m->depth < count || m->depth - count < bottom(m)) return top(m) && cut_short(m);
    m->depth -= count;
    return push(m, container(m, PICKLE_TUPLE, m->stack + m->depth, count));
}

static bool push_span(machine *m, pickle_kind kind, const uint8_t *data, size_t len)
{
    pickle_value *v = data ? value(m, kind) : NULL;
    if (v) v->data = data, v->len = len;
    return push(m, v);
}

static bool push_sized(machine *m, pickle_kind kind, int size_bytes)
{
    uint64_t len;
    if (!take_number(m, size_bytes, &len)) return false;
    const uint8_t *data = take(m, len);
    return push_span(m, kind, data, (size_t)len);
}

static bool push_int(machine *m, int64_t number)
{
    pickle_value *v = value(m, PICKLE_INT);
    if (v) v->number = number;
    return push(m, v);
}

static bool push_bool(machine *m, bool yes)
{
    pickle_value *v = value(m, PICKLE_BOOL);
    if (v) v->number = yes;
    return push(m, v);
}

static bool push_float(machine *m, double real)
{
    pickle_value *v = value(m, PICKLE_FLOAT);
    if (v) v->real = real;
    return push(m, v);
}

// --- numbers and texts of protocol 0 ---

static bool push_decimal(machine *m)
{
    size_t len;
    const uint8_t *s = take_line(m, &len);
    if (!s) return false;
    if (len == 2 && s[0] == '0' && (s[1] == '0' || s[1] == '1')) return push_bool(m, s[1] == '1');
    if (len && s[len - 1] == 'L') len--;
    size_t i = len && s[0] == '-';
    bool fits = true;
    int64_t v = 0;
    if (i == len) return fail(m->e, ERR_INPUT, "the pickle has a number without digits");
    for (; i < len; i++) {
        if (s[i] < '0' || s[i] > '9') return fail(m->e, ERR_INPUT, "the pickle has a number that is none");
        int digit = s[0] == '-' ? '0' - s[i] : s[i] - '0';
        fits = fits && !__builtin_mul_overflow(v, 10, &v) && !__builtin_add_overflow(v, digit, &v);
    }
    return fits ? push_int(m, v) : push_span(m, PICKLE_BIGINT, s, len);
}

static bool push_float_line(machine *m)
{
    size_t len;
    const uint8_t *s = take_line(m, &len);
    char text[64], *end;
    if (!s) return false;
    if (len == 0 || len >= sizeof text) return fail(m->e, ERR_INPUT, "the pickle has a float that is none");
    memcpy(text, s, len);
    text[len] = 0;
    double v = strtod(text, &end);
    if (*end) return fail(m->e, ERR_INPUT, "the pickle has a float that is none");
    return push_float(m, v);
}

// Little-endian two's complement of any length.
static bool push_long(machine *m, int size_bytes)
{
    uint64_t len;
    if (!take_number(m, size_bytes, &len)) return false;
    const uint8_t *p = take(m, len);
    if (!p) return false;
    if (len > 8) return push_span(m, PICKLE_BIGINT, p, (size_t)len);
    uint64_t v = len && p[len - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = 0; i < len; i++) v = (v & ~((uint64_t)0xff << 8 * i)) | (uint64_t)p[i] << 8 * i;
    return push_int(m, (int64_t)v);
}

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// The value of n hexadecimal digits at s, or -1.
static int64_t hex(const uint8_t *s, const uint8_t *end, int n)
{
    int64_t v = 0;
    if (end - s < n) return -1;
    for (int i = 0; i < n; i++) {
        if (hex_digit(s[i]) < 0) return -1;
        v = v * 16 + hex_digit(s[i]);
    }
    return v;
}

// Python's repr of a byte string, quotes included.
static bool push_quoted(machine *m)
{
    size_t len, n = 0;
    const uint8_t *s = take_line(m, &len);
    if (!s) return false;
    if (len < 2 || (s[0] != '\'' && s[0] != '"') || s[len - 1] != s[0]) {
        return fail(m->e, ERR_INPUT, "the pickle has a string without its quotes");
    }
    const uint8_t *end = s + len - 1;
    uint8_t *out = arena_array(m->memory, uint8_t, len);
    if (!out) return out_of_room(m), false;
    for (s++; s < end; s++) {
        uint8_t c = *s;
        if (c == '\\' && s + 1 < end) {
            static const char names[] = "\\'\"abfnrtv", meaning[] = "\\'\"\a\b\f\n\r\t\v";
            const char *known = strchr(names, *++s);
            int64_t code = *s == 'x' ? hex(s + 1, end, 2) : -1;
            if (code >= 0) {
                c = (uint8_t)code;
                s += 2;
            } else if (*s >= '0' && *s <= '7') {
                unsigned octal = 0;
                for (int i = 0; i < 3 && s < end && *s >= '0' && *s <= '7'; i++) octal = octal * 8 + (*s++ - '0');
                s--;
                c = (uint8_t)octal;
            } else if (*s && known) {
                c = (uint8_t)meaning[known - names];
            } else {
                return fail(m->e, ERR_INPUT, "the pickle has a string with an escape that is none");
            }
        }
        out[n++] = c;
    }
    return push_span(m, PICKLE_BYTES, out, n);
}

static size_t put_utf8(uint32_t c, uint8_t *out)
{
    if (c < 0x80) return out[0] = (uint8_t)c, 1;
    if (c < 0x800) return out[0] = (uint8_t)(0xc0 | c >> 6), out[1] = (uint8_t)(0x80 | (c & 63)), 2;
    size_t n = 0;
    if (c < 0x10000) {
        out[n++] = (uint8_t)(0xe0 | c >> 12);
    } else {
        out[n++] = (uint8_t)(0xf0 | c >> 18);
        out[n++] = (uint8_t)(0x80 | (c >> 12 & 63));
    }
    out[n++] = (uint8_t)(0x80 | (c >> 6 & 63));
    out[n++] = (uint8_t)(0x80 | (c & 63));
    return n;
}

// Latin-1 with \uXXXX and \UXXXXXXXX (Python's raw-unicode-escape).
static bool push_unicode_line(machine *m)
{
    size_t len, n = 0;
    const uint8_t *s = take_line(m, &len);
    uint8_t *out = s ? arena_alloc(m->memory, len + 1, 2) : NULL; // a byte is at most two of UTF-8
    if (!s) return false;
    if (!out) return out_of_room(m), false;
    for (const uint8_t *end = s + len; s < end; s++) {
        int digits = *s == '\\' && s + 1 < end ? (s[1] == 'u' ? 4 : s[1] == 'U' ? 8 : 0) : 0;
        int64_t code = digits ? hex(s + 2, end, digits) : *s;
        if (code < 0 || code > 0x10ffff)
            return fail(m->e, ERR_INPUT, "the pickle has a text with an escape that is none");
        if (digits) s += digits + 1;
        n += put_utf8((uint32_t)code, out + n);
    }
    return push_span(m, PICKLE_TEXT, out, n);
}

// --- memo ---

// Picklers number what they remember in order, and each costs a byte at least: a larger number is no pickler's.
static bool remember(machine *m, uint64_t key)
{
    pickle_value *v = top(m);
    if (!v) return false;
    if (key >= (uint64_t)(m->at - m->start)) return fail(m->e, ERR_INPUT, "the pickle's memo has a number too large");
    if (key >= m->memo_cap) {
        size_t cap = m->memo_cap ? 2 * m->memo_cap : 64;
        if (cap <= key) cap = (size_t)key + 1;
        m->memo = mem_grow(m->memo, cap, sizeof(pickle_value *));
        memset(m->memo + m->memo_cap, 0, (cap - m->memo_cap) * sizeof *m->memo);
        m->memo_cap = cap;
    }
    if (!m->memo[key]) m->memo_count++;
    m->memo[key] = v;
    return true;
}

static bool recall(machine *m, uint64_t key)
{
    if (key >= m->memo_cap || !m->memo[key]) return fail(m->e, ERR_INPUT, "the pickle recalls what it never stored");
    return push(m, m->memo[key]);
}

static bool memo_line(machine *m, bool (*use)(machine *, uint64_t))
{
    if (!push_decimal(m)) return false;
    const pickle_value *v = m->stack[--m->depth];
    if ((v->kind != PICKLE_INT && v->kind != PICKLE_BOOL) || v->number < 0) {
        return fail(m->e, ERR_INPUT, "the pickle's memo has a number that is none");
    }
    return use(m, (uint64_t)v->number);
}

static bool memo_number(machine *m, int bytes, bool (*use)(machine *, uint64_t))
{
    uint64_t key;
    return take_number(m, bytes, &key) && use(m, key);
}

// --- classes and objects ---

static pickle_value *class_named(machine *m, const uint8_t *module, size_t module_len, const uint8_t *name,
                                 size_t name_len)
{
    pickle_value *v = value(m, PICKLE_CLASS);
    if (v) v->data = module, v->len = module_len, v->name = name, v->name_len = name_len;
    return v;
}

static pickle_value *class_lines(machine *m)
{
    size_t module_len, name_len;
    const uint8_t *module = take_line(m, &module_len), *name = module ? take_line(m, &name_len) : NULL;
    return name ? class_named(m, module, module_len, name, name_len) : NULL;
}

static bool is_string(const pickle_value *v) { return v && (v->kind == PICKLE_TEXT || v->kind == PICKLE_BYTES); }

static bool push_stack_class(machine *m)
{
    const pickle_value *name = pop(m), *module = name ? pop(m) : NULL;
    if (!module) return false;
    if (!is_string(name) || !is_string(module)) return fail(m->e, ERR_INPUT, "the pickle names a class without words");
    return push(m, class_named(m, module->data, module->len, name->data, name->len));
}

// Python 2 makes an object of a new-style class C by copy_reg._reconstructor(C, object, None).
static pickle_value *object(machine *m, pickle_value *class_of, pickle_value *args)
{
    pickle_value *v = class_of && args ? value(m, PICKLE_OBJECT) : NULL;
    if (!v) return NULL;
    bool copy = pickle_is_class(class_of, "copy_reg", "_reconstructor") ||
                pickle_is_class(class_of, "copyreg", "_reconstructor");
    bool of_class = copy && args->kind == PICKLE_TUPLE && args->count && args->item[0]->kind == PICKLE_CLASS;
    v->class_of = of_class ? args->item[0] : class_of;
    v->args = args;
    return v;
}

static bool push_call(machine *m, int extra) // extra: further values above the arguments, kept nowhere
{
    pickle_value *args = pop(m);
    while (args && extra--) args = pop(m);
    pickle_value *class_of = args ? pop(m) : NULL;
    return class_of && push(m, object(m, class_of, args));
}

static bool push_instance(machine *m, bool class_on_stack)
{
    pickle_value *class_of = class_on_stack ? NULL : class_lines(m), **first = NULL;
    size_t count = 0;
    if ((!class_on_stack && !class_of) || !pop_mark(m, &first, &count)) return false;
    if (class_on_stack) {
        if (!count) return fail(m->e, ERR_INPUT, "the pickle makes an object without its class");
        class_of = *first++;
        count--;
    }
    return push(m, object(m, class_of, container(m, PICKLE_TUPLE, first, count)));
}

static bool build(machine *m)
{
    pickle_value *state = pop(m), *v = state ? top(m) : NULL;
    if (!v) return false;
    if (v->kind == PICKLE_OBJECT)
        v->state = state;
    else if (v->kind != PICKLE_DICT && v->kind != PICKLE_LIST) // a dict's attributes are nothing to us
        return fail(m->e, ERR_INPUT, "the pickle gives a state to something that is no object");
    return true;
}

// Appends to the container under the items: lists and sets take any number, dicts pairs, objects either.
static bool add(machine *m, pickle_value *const *items, size_t count, bool pairs)
{
    pickle_value *v = top(m);
    if (!v) return false;
    if (v->kind != (pairs ? PICKLE_DICT : PICKLE_LIST) && v->kind != PICKLE_OBJECT) {
        return fail(m->e, ERR_INPUT, "the pickle adds items to something that has none");
    }
    if (pairs && count % 2) return fail(m->e, ERR_INPUT, "the pickle has a dict with a key and no value");
    return extend(m, v, items, count);
}

static bool add_marked(machine *m, bool pairs)
{
    pickle_value **first = NULL;
    size_t count = 0;
    return pop_mark(m, &first, &count) && add(m, first, count, pairs);
}

static bool add_one(machine *m, bool pairs)
{
    pickle_value *item[2];
    item[1] = pop(m);
    item[0] = item[1] && pairs ? pop(m) : NULL;
    if (!item[1] || (pairs && !item[0])) return false;
    return add(m, pairs ? item : item + 1, pairs ? 2 : 1, pairs);
}

static bool push_persistent(machine *m, pickle_value *id)
{
    pickle_value *v = id ? value(m, PICKLE_PERSISTENT) : NULL;
    if (v) v->args = id;
    return push(m, v);
}

static bool persistent_line(machine *m)
{
    size_t len;
    const uint8_t *s = take_line(m, &len);
    return s && push_span(m, PICKLE_TEXT, s, len) && push_persistent(m, pop(m));
}

static bool push_binary_float(machine *m)
{
    const uint8_t *p = take(m, 8);
    uint64_t bits = 0;
    double v;
    for (int i = 0; p && i < 8; i++) bits = bits << 8 | p[i];
    memcpy(&v, &bits, sizeof v);
    return p && push_float(m, v);
}

static bool pop_one(machine *m)
{
    pickle_value **first = NULL;
    size_t count = 0;
    // As in Python: a mark counts as something to take.
    if (m->marks && m->depth == bottom(m)) return pop_mark(m, &first, &count);
    return pop(m) != NULL;
}

static bool push_binary_int(machine *m, int bytes)
{
    uint64_t v;
    if (!take_number(m, bytes, &v)) return false;
    return push_int(m, bytes == 4 ? (int32_t)(uint32_t)v : (int64_t)v);
}

static bool step(machine *m, uint8_t op)
{
    pickle_value **first = NULL;
    uint64_t ignored;
    size_t count = 0;
    switch (op) {
    case 0x80: // PROTO
        if (!take_number(m, 1, &ignored)) return false;
        return ignored <= 5 || fail(m->e, ERR_INPUT, "the pickle is of protocol %d; 0 to 5 are known", (int)ignored);
    case 0x95:
        return take_number(m, 8, &ignored); // FRAME
    case '(':
        return push_mark(m);
    case '0':
        return pop_one(m);
    case '1':
        return pop_mark(m, &first, &count);
    case '2':
        return push(m, top(m));
    case 'N':
        return push(m, value(m, PICKLE_NONE));
    case 0x88:
        return push_bool(m, true);
    case 0x89:
        return push_bool(m, false);
    case 'I':
    case 'L':
        return push_decimal(m);
    case 'J':
        return push_binary_int(m, 4);
    case 'K':
        return push_binary_int(m, 1);
    case 'M':
        return push_binary_int(m, 2);
    case 0x8a:
        return push_long(m, 1);
    case 0x8b:
        return push_long(m, 4);
    case 'F':
        return push_float_line(m);
    case 'G':
        return push_binary_float(m);
    case 'S':
        return push_quoted(m);
    case 'T':
        return push_sized(m, PICKLE_BYTES, 4);
    case 'U':
        return push_sized(m, PICKLE_BYTES, 1);
    case 'B':
        return push_sized(m, PICKLE_BYTES, 4);
    case 'C':
        return push_sized(m, PICKLE_BYTES, 1);
    case 0x8e:
        return push_sized(m, PICKLE_BYTES, 8);
    case 0x96:
        return push_sized(m, PICKLE_BYTES, 8);
    case 'V':
        return push_unicode_line(m);
    case 'X':
        return push_sized(m, PICKLE_TEXT, 4);
    case 0x8c:
        return push_sized(m, PICKLE_TEXT, 1);
    case 0x8d:
        return push_sized(m, PICKLE_TEXT, 8);
    case ')':
        return push(m, value(m, PICKLE_TUPLE));
    case 0x85:
        return push_last(m, 1);
    case 0x86:
        return push_last(m, 2);
    case 0x87:
        return push_last(m, 3);
    case 't':
        return push_marked(m, PICKLE_TUPLE);
    case ']':
    case 0x8f:
        return push(m, value(m, PICKLE_LIST)); // EMPTY_LIST, EMPTY_SET
    case 'l':
    case 0x91:
        return push_marked(m, PICKLE_LIST); // LIST, FROZENSET
    case '}':
        return push(m, value(m, PICKLE_DICT));
    case 'd':
        return push_marked(m, PICKLE_DICT);
    case 'a':
        return add_one(m, false);
    case 'e':
    case 0x90:
        return add_marked(m, false); // APPENDS, ADDITEMS
    case 's':
        return add_one(m, true);
    case 'u':
        return add_marked(m, true);
    case 'p':
        return memo_line(m, remember);
    case 'q':
        return memo_number(m, 1, remember);
    case 'r':
        return memo_number(m, 4, remember);
    case 0x94:
        return remember(m, m->memo_count); // MEMOIZE
    case 'g':
        return memo_line(m, recall);
    case 'h':
        return memo_number(m, 1, recall);
    case 'j':
        return memo_number(m, 4, recall);
    case 'c':
        return push(m, class_lines(m));
    case 0x93:
        return push_stack_class(m);
    case 'R':
        return push_call(m, 0);
    case 0x81:
        return push_call(m, 0);
    case 0x92:
        return push_call(m, 1); // NEWOBJ_EX: keyword arguments lie on top
    case 'i':
        return push_instance(m, false);
    case 'o':
        return push_instance(m, true);
    case 'b':
        return build(m);
    case 'P':
        return persistent_line(m);
    case 'Q':
        return push_persistent(m, pop(m));
    default:
        return fail(m->e, ERR_INPUT, "byte %zu of the pickle is no instruction we know (0x%02x)",
                    (size_t)(m->at - m->start), op);
    }
}

pickle *pickle_parse(const uint8_t *data, size_t n, err *e)
{
    if (n > LIMIT_PICKLE_BYTES) {
        return fail(e, ERR_LIMIT, "the pickle has more than %zu MiB", LIMIT_PICKLE_BYTES / MIB), NULL;
    }
    pickle *p = mem_new(1, sizeof *p);
    p->memory = arena_new(LIMIT_PICKLE_MEMORY);
    machine m = { .start = data, .at = data, .end = data + n, .memory = p->memory, .e = e };
    m.stack_cap = 64;
    m.stack = mem_array(pickle_value *, m.stack_cap);
    bool ok = true, stopped = false;
    while (ok && !stopped) {
        const uint8_t *op = take(&m, 1);
        stopped = op && *op == '.';
        ok = op && (stopped || step(&m, *op));
    }
    ok = ok && (p->root = pop(&m)) != NULL;
    mem_free(m.stack);
    mem_free(m.memo);
    mem_free(m.mark);
    if (ok) return p;
    pickle_free(p);
    return NULL;
}

void pickle_free(pickle *p)
{
    if (!p) return;
    arena_free(p->memory);
    mem_free(p);
}

const pickle_value *pickle_root(const pickle *p) { return p->root; }

// --- looking at values ---

static bool spells(const uint8_t *data, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(data, text, len) == 0;
}

bool pickle_is_text(const pickle_value *v, const char *text) { return is_string(v) && spells(v->data, v->len, text); }

bool pickle_is_class(const pickle_value *v, const char *module, const char *name)
{
    return v && v->kind == PICKLE_CLASS && spells(v->data, v->len, module) && spells(v->name, v->name_len, name);
}

static const pickle_value *find(const pickle_value *v, const char *key)
{
    for (uint32_t i = 0; i + 1 < v->count; i += 2)
        if (pickle_is_text(v->item[i], key)) return v->item[i + 1];
    return NULL;
}

const pickle_value *pickle_get(const pickle_value *v, const char *key)
{
    if (!v) return NULL;
    if (v->kind == PICKLE_DICT) return find(v, key);
    if (v->kind != PICKLE_OBJECT) return NULL;
    const pickle_value *found = find(v, key), *state = v->state;
    if (found || !state) return found;
    if (state->kind == PICKLE_TUPLE && state->count) state = state->item[0];
    return state->kind == PICKLE_DICT ? find(state, key) : NULL;
}

const pickle_value *pickle_item(const pickle_value *v, size_t i)
{
    return v && (v->kind == PICKLE_TUPLE || v->kind == PICKLE_LIST) && i < v->count ? v->item[i] : NULL;
}

bool pickle_size(const pickle_value *v, size_t *out)
{
    if (!v || v->kind != PICKLE_INT || v->number < 0) return false;
    *out = (size_t)v->number;
    return true;
}
