// Python pickles (protocols 0 to 4) as data: what a pickle would have Python build is read into a tree of values.
// Nothing is executed: a class is its name, and an object is its class, the arguments it would be called with and the
// state it would be given, whatever they are. Untrusted bytes.
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef enum {
    PICKLE_NONE,
    PICKLE_BOOL,      // .number 0 or 1
    PICKLE_INT,       // .number
    PICKLE_BIGINT,    // past 64 bits: .data [.len], little-endian two's complement, or decimal text (protocol 0)
    PICKLE_FLOAT,     // .real
    PICKLE_BYTES,     // .data [.len]; Python 2's strings are these too
    PICKLE_TEXT,      // .data [.len], UTF-8 as it stands in the pickle, not checked
    PICKLE_TUPLE,     // .item [.count]
    PICKLE_LIST,      // .item [.count]; sets too
    PICKLE_DICT,      // .item [.count]: key, value, key, value …
    PICKLE_CLASS,     // .data [.len] module, .name [.name_len]: the name of a class or function
    PICKLE_OBJECT,    // .class_of, .args, .state, and .item as of a list or a dict
    PICKLE_PERSISTENT // .args: a reference to something kept outside of the pickle
} pickle_kind;

typedef struct pickle_value pickle_value;
struct pickle_value {
    pickle_kind kind;
    uint32_t count, cap;
    union {
        int64_t number;
        double real;
        const uint8_t *data; // in the pickle's bytes or owned by the pickle
        pickle_value *class_of;
    };
    union {
        size_t len;
        pickle_value *args; // a tuple, or whatever stood there; NULL when there is none
    };
    union {
        const uint8_t *name;
        pickle_value *state; // NULL when there is none
    };
    size_t name_len;
    pickle_value **item;
};

typedef struct pickle pickle;

// data [n] must outlive the result. A container may contain itself: follow paths, do not walk without a bound.
pickle *pickle_parse(const uint8_t *data, size_t n, err *e) MUST_USE;
void pickle_free(pickle *p); // NULL is fine
const pickle_value *pickle_root(const pickle *p);

// Each of these takes NULL for v and answers as for a value of another kind.
// The value of a text key: in a dict, or an object's items, or an object's state that is a dict (or begins a tuple with
// one). NULL when there is none.
const pickle_value *pickle_get(const pickle_value *v, const char *key);
bool pickle_is_text(const pickle_value *v, const char *text); // of either string kind
bool pickle_is_class(const pickle_value *v, const char *module, const char *name);
// Item i of a tuple or list, else NULL.
const pickle_value *pickle_item(const pickle_value *v, size_t i);
// The value as a number that fits; false when it is none.
bool pickle_size(const pickle_value *v, size_t *out);
