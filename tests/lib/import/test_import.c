#include "base/io.h"
#include "base/limits.h"
#include "base/mem.h"
#include "hmr2_fixture.h"
#include "import/numpy.h"
#include "import/smpl.h"
#include "test.h"

#include <unistd.h>

static buf load(const char *name)
{
    char path[512];
    err e = { 0 };
    buf b = buf_new(1 << 20);
    snprintf(path, sizeof path, "%s/import/%s", FIXTURES, name);
    if (!io_read(path, &b, &e)) printf("%s\n", e.msg);
    CHECK(b.len > 0);
    return b;
}

// --- pickles ---

static void check_array(const pickle_value *root, const char *key, int dims, const size_t *dim, const double *want)
{
    numpy_array a;
    err e = { 0 };
    size_t count = 1;
    bool read = numpy_read(pickle_get(root, key), &a, &e);
    CHECK(read);
    if (!read) {
        printf("%s: %s\n", key, e.msg);
        return;
    }
    CHECK(a.dims == dims);
    for (int i = 0; i < dims && i < a.dims; i++) {
        CHECK(a.dim[i] == dim[i]);
        count *= dim[i];
    }
    CHECK(a.count == count);
    for (size_t i = 0; i < count && i < a.count; i++) CHECK(a.data[i] == want[i]);
    numpy_free(&a);
}

static void check_arrays(const pickle_value *root)
{
    const double six[] = { 0, .25, .5, .75, 1, 1.25 }, upto[] = { 0, 1, 2, 3, 4, 5 };
    check_array(root, "f8", 2, (size_t[]){ 2, 3 }, six);
    check_array(root, "again", 2, (size_t[]){ 2, 3 }, six); // the same object, through the memo
    check_array(root, "f4", 1, (size_t[]){ 2 }, (double[]){ 1.5, -2.25 });
    check_array(root, "f2", 1, (size_t[]){ 1 }, (double[]){ 0.5 });
    check_array(root, "fortran", 2, (size_t[]){ 2, 3 }, upto);
    check_array(root, "i2", 1, (size_t[]){ 2 }, (double[]){ -1, 300 });
    check_array(root, "u4", 2, (size_t[]){ 1, 2 }, (double[]){ 4294967295., 0 });
    check_array(root, "i8", 1, (size_t[]){ 2 }, (double[]){ -5, 7 });
    check_array(root, "bool", 1, (size_t[]){ 2 }, (double[]){ 1, 0 });
    check_array(root, "empty", 2, (size_t[]){ 0, 3 }, NULL);
    check_array(root, "csc", 2, (size_t[]){ 2, 3 }, (double[]){ 0, 0, 2, 1, 0, 3 });
    check_array(root, "csr", 2, (size_t[]){ 2, 3 }, (double[]){ 0, 0, 1, 2, 3, 0 });
    check_array(root, "ch", 2, (size_t[]){ 2, 2 }, (double[]){ 1, 2, 3, 4 });
}

static void check_refused_arrays(const pickle_value *root)
{
    static const char *const key[] = { "big", "words", "cfg", "numbers", "nothing" };
    static const char *const say[] = { "has its bytes in big-endian order",
                                       "has elements of the type U1; numbers are needed", "is neither", "is neither",
                                       "is missing" };
    for (int i = 0; i < 5; i++) {
        numpy_array a;
        err e = { 0 };
        CHECK(!numpy_read(pickle_get(root, key[i]), &a, &e));
        CHECK(strncmp(e.msg, say[i], strlen(say[i])) == 0);
    }
}

static void check_numbers(const pickle_value *list, int protocol)
{
    const int64_t want[] = { 0, 1, -1, 255, 65535, -70000, 1099511627776, INT64_MIN };
    const pickle_value *v;
    for (size_t i = 0; i < 8; i++) {
        v = pickle_item(list, i);
        CHECK(v && v->kind == PICKLE_INT && v->number == want[i]);
    }
    CHECK((v = pickle_item(list, 8)) && v->kind == PICKLE_BIGINT);
    CHECK((v = pickle_item(list, 9)) && v->kind == PICKLE_BOOL && v->number == 1);
    CHECK((v = pickle_item(list, 10)) && v->kind == PICKLE_BOOL && v->number == 0);
    CHECK((v = pickle_item(list, 11)) && v->kind == PICKLE_NONE);
    CHECK((v = pickle_item(list, 12)) && v->kind == PICKLE_FLOAT && v->real == 1.25);
    CHECK(pickle_is_text(pickle_item(list, 13), "text \xc3\xa9\xe2\x82\xac\n\\u"));
    CHECK((v = pickle_item(list, 14)) != NULL);
    // Bytes are a call of _codecs.encode before protocol 3.
    if (v && protocol >= 3) CHECK(v->kind == PICKLE_BYTES && v->len == 5 && memcmp(v->data, "\x00\xff'\\\n", 5) == 0);
    if (v && protocol < 3) CHECK(v->kind == PICKLE_OBJECT && pickle_is_class(v->class_of, "_codecs", "encode"));
    for (size_t i = 1; i <= 4; i++) {
        v = pickle_item(list, 14 + i);
        size_t last;
        CHECK(v && v->kind == PICKLE_TUPLE && v->count == i && pickle_size(pickle_item(v, i - 1), &last) && last == i);
    }
}

static void every_protocol_of_python_is_read(void)
{
    for (int protocol = 0; protocol <= 4; protocol++) {
        char name[32];
        err e = { 0 };
        snprintf(name, sizeof name, "python3_%d.pkl", protocol);
        buf b = load(name);
        pickle *p = pickle_parse(b.data, b.len, &e);
        CHECK(p != NULL);
        if (!p) printf("%s\n", e.msg);
        if (p) {
            const pickle_value *root = pickle_root(p), *self = pickle_get(root, "self"), *cfg = pickle_get(root, "cfg");
            check_arrays(root);
            check_refused_arrays(root);
            check_numbers(pickle_get(root, "numbers"), protocol);
            CHECK(self && pickle_item(self, 0) == self);
            CHECK(cfg && cfg->kind == PICKLE_OBJECT && pickle_is_class(cfg->class_of, "yacs.config", "CfgNode"));
            CHECK(pickle_get(cfg, "extra") && pickle_get(cfg, "extra")->number == 2);
            // Before protocol 2 a subclass of dict hands its items to its maker.
            if (protocol >= 2) CHECK(pickle_get(cfg, "a") && pickle_get(cfg, "a")->number == 1);
        }
        pickle_free(p);
        buf_free(&b);
    }
}

static void a_sparse_matrix_that_is_its_own_list_is_refused(void)
{
    static const char bytes[] = "\x80\x04"
                                "cscipy.sparse.csc\ncsc_matrix\n"
                                ")\x81q\x00}("
                                "\x8c\x06_shape"
                                "K\x01K\x01\x86"
                                "\x8c\x04"
                                "data"
                                "h\x00"
                                "\x8c\x07indices"
                                "h\x00"
                                "\x8c\x06indptr"
                                "h\x00"
                                "ub.";
    err e = { 0 };
    numpy_array a;
    pickle *p = pickle_parse((const uint8_t *)bytes, sizeof bytes - 1, &e);
    CHECK(p && pickle_get(pickle_root(p), "data") == pickle_root(p));
    CHECK(!numpy_read(pickle_root(p), &a, &e) && e.code == ERR_INPUT);
    CHECK_STR(e.msg, "is a sparse matrix without its lists");
    pickle_free(p);
}

static void a_pickle_that_ends_early_is_refused(void)
{
    for (int protocol = 0; protocol <= 4; protocol++) {
        char name[32];
        snprintf(name, sizeof name, "python3_%d.pkl", protocol);
        buf b = load(name);
        for (size_t n = 0; n < b.len; n++) {
            err e = { 0 };
            pickle *p = pickle_parse(b.data, n, &e);
            CHECK(!p && e.code == ERR_INPUT && e.msg[0]);
            pickle_free(p);
        }
        buf_free(&b);
    }
}

static void hostile_pickles_get_one_sentence(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *say;
    } bad[] = {
        { ".", 1, "empty stack" },
        { "t.", 2, "has not opened" },
        { "(0(.", 4, "empty stack" },
        { "\x82\x01.", 3, "no instruction we know" }, // EXT1: a class by a registered number
        { "\x80\x09N.", 4, "protocol 9" },
        { "T\xff\xff\xff\xff.", 6, "cut short" },
        { "\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", 10, "cut short" },
        { "h\x05.", 3, "never stored" },
        { "Nr\xff\xff\xff\x7f.", 7, "too large" },
        { "Nb.", 3, "empty stack" },
        { "NNb.", 4, "no object" },
        { "]NNs.", 5, "has none" },
        { "(Nd.", 4, "no value" },
        { "I12x\n.", 6, "number that is none" },
        { "F1e\n.", 5, "float that is none" },
        { "S'a\n.", 5, "without its quotes" },
        { "S'\\q'\n.", 7, "escape that is none" },
        { "V\\u12\n.", 7, "escape that is none" },
        { "NN\x93.", 4, "class without words" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err e = { 0 };
        pickle *p = pickle_parse((const uint8_t *)bad[i].bytes, bad[i].n, &e);
        CHECK(!p);
        CHECK(strstr(e.msg, bad[i].say) != NULL);
        if (!strstr(e.msg, bad[i].say)) printf("%zu: %s\n", i, e.msg);
        pickle_free(p);
    }
}

static void a_pickle_cannot_outgrow_its_memory(void)
{
    // A long list of empty dicts: a byte each in the pickle.
    size_t n = 8 * MIB;
    uint8_t *bytes = mem_new(n, 1);
    err e = { 0 };
    memset(bytes, '}', n);
    pickle *p = pickle_parse(bytes, n, &e);
    CHECK(!p && e.code == ERR_LIMIT);
    pickle_free(p);
    mem_free(bytes);
}

// --- checkpoints ---

static void check_tensor(const checkpoint *c, const char *name, size_t count, const float *want)
{
    const ckpt_tensor *t = ckpt_find(c, name);
    CHECK(t && t->count == count);
    if (!t || t->count != count) {
        printf("%s\n", name);
        return;
    }
    float *v = mem_array(float, count);
    CHECK(ckpt_floats(t, v));
    for (size_t i = 0; i < count; i++) CHECK(v[i] == want[i]);
    CHECK(zip_intact(t->storage));
    mem_free(v);
}

static void pytorch_checkpoints_are_read(void)
{
    static const char *const names[] = { "lightning.ckpt", "plain.pt" };
    float whole[24], turned[24];
    for (int i = 0; i < 24; i++) whole[i] = (float)i / 8;
    for (int i = 0; i < 24; i++) turned[i] = whole[i % 4 * 6 + i / 4];
    for (int k = 0; k < 2; k++) {
        buf b = load(names[k]);
        checkpoint c;
        err e = { 0 };
        bool ok = ckpt_open(b.data, b.len, &c, &e);
        CHECK(ok);
        if (!ok) printf("%s\n", e.msg);
        if (ok) {
            CHECK(c.count == 12);
            check_tensor(&c, "whole", 24, whole);
            check_tensor(&c, "turned", 24, turned); // of the same storage, by its strides
            check_tensor(&c, "part", 6, (float[]){ whole[8], whole[9], whole[10], whole[14], whole[15], whole[16] });
            check_tensor(&c, "half", 24, whole);  // these numbers are whole in half
            check_tensor(&c, "brain", 24, whole); // and in bfloat16 too
            check_tensor(&c, "double", 24, whole);
            check_tensor(&c, "scalar", 1, (float[]){ 3.5f });
            check_tensor(&c, "none", 0, NULL);
            check_tensor(&c, "spread", 3, (float[]){ 2.5f, 2.5f, 2.5f });
            check_tensor(&c, "param", 2, (float[]){ 4, 5 });
            const ckpt_tensor *whole_t = ckpt_find(&c, "whole"), *turned_t = ckpt_find(&c, "turned");
            const ckpt_tensor *flag = ckpt_find(&c, "flag");
            float one;
            CHECK(whole_t && turned_t && whole_t->storage == turned_t->storage);
            CHECK(whole_t && whole_t->data >= b.data && whole_t->data < b.data + b.len); // mapped, not copied
            CHECK(flag && flag->type == CKPT_BOOL && !ckpt_floats(flag, &one));
            CHECK(!ckpt_find(&c, "wholf") && !ckpt_find(&c, ""));
        }
        ckpt_close(&c);
        buf_free(&b);
    }
}

static void a_damaged_checkpoint_is_refused_or_known_by_its_sums(void)
{
    buf b = load("lightning.ckpt");
    checkpoint c;
    for (size_t n = 0; n < b.len; n++) {
        err e = { 0 };
        CHECK(!ckpt_open(b.data, n, &c, &e) && e.msg[0]);
        ckpt_close(&c);
    }
    // One bit after another: either the file is refused, or what was hit is no number, or a sum tells.
    int silent = 0;
    for (size_t i = 0; i < b.len; i++) {
        err e = { 0 };
        b.data[i] ^= 0x10;
        if (ckpt_open(b.data, b.len, &c, &e)) {
            const ckpt_tensor *t = ckpt_find(&c, "whole");
            bool same = true;
            for (size_t k = 0; t && k < t->count && k < 24; k++) {
                float v;
                memcpy(&v, t->data + 4 * k, 4);
                same = same && v == (float)k / 8;
            }
            silent +=
                t && t->type == CKPT_F32 && t->count == 24 && ckpt_is_contiguous(t) && !same && zip_intact(t->storage);
        } else {
            CHECK(e.msg[0]);
        }
        ckpt_close(&c);
        b.data[i] ^= 0x10;
    }
    // The tree of names is no tensor, so its sum is not asked: an offset into the storage may be told wrong there.
    CHECK(silent <= 1);
    buf_free(&b);
}

static void a_file_that_is_no_checkpoint_is_refused(void)
{
    static const char *const name[] = { "legacy.pt", "python3_2.pkl" };
    for (int i = 0; i < 2; i++) {
        buf b = load(name[i]);
        checkpoint c;
        err e = { 0 };
        CHECK(!ckpt_open(b.data, b.len, &c, &e));
        CHECK_STR(e.msg, "the checkpoint cannot be read: this is not a zip file, or it is cut short");
        ckpt_close(&c);
        buf_free(&b);
    }
}

// A zip64 file as PyTorch writes it past 4 GiB: every size and place in the extra fields.
static void sixty_four_bit_archives_are_read(void)
{
    static const uint8_t file[] = {
        'P', 'K', 3,   4,   45,  0,   0,  0, 0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   2,   0,   0,   0,
        2,   0,   0,   0,   1,   0,   0,  0, 'n', 'h', 'i', // 33 bytes
        'P', 'K', 1,   2,   45,  0,   45, 0, 0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   255, 255,
        255, 255, 255, 255, 255, 255, 1,  0, 28,  0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   255, 255,
        255, 255, 'n', 1,   0,   24,  0,  2, 0,   0,   0,   0,   0,   0,   0,   2,   0,   0,   0,   0,   0,   0,
        0,   0,   0,   0,   0,   0,   0,  0, 0, // 75 bytes
        'P', 'K', 6,   6,   44,  0,   0,  0, 0,   0,   0,   0,   45,  0,   45,  0,   0,   0,   0,   0,   0,   0,
        0,   0,   1,   0,   0,   0,   0,  0, 0,   0,   1,   0,   0,   0,   0,   0,   0,   0,   75,  0,   0,   0,
        0,   0,   0,   0,   33,  0,   0,  0, 0,   0,   0,   0, // 56 bytes at 108
        'P', 'K', 6,   7,   0,   0,   0,  0, 108, 0,   0,   0,   0,   0,   0,   0,   1,   0,   0,   0, // 20
        'P', 'K', 5,   6,   0,   0,   0,  0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0,   0
    };
    zip_archive z;
    err e = { 0 };
    bool ok = zip_open(file, sizeof file, &z, &e);
    CHECK(ok);
    if (!ok) printf("%s\n", e.msg);
    const zip_member *m = ok ? zip_find(&z, "n") : NULL;
    CHECK(m && m->size == 2 && memcmp(m->data, "hi", 2) == 0);
    zip_close(&z);
}

// --- SMPL ---

static void smpl_is_the_same_from_every_python(void)
{
    fixture_body body = fixture_body_new(200, 5);
    buf first = { 0 };
    for (int how = PYTHON2; how <= PYTHON3_NEW; how++) {
        buf pkl = buf_new(64 * MIB), out = buf_new(64 * MIB);
        err e = { 0 };
        CHECK(fixture_smpl(&body, (fixture_python)how, &pkl));
        bool ok = smpl_import(pkl.data, pkl.len, &out, &e);
        CHECK(ok);
        if (!ok) printf("%d: %s\n", how, e.msg);
        if (how == PYTHON2)
            first = out;
        else
            CHECK(out.len == first.len && memcmp(out.data, first.data, out.len) == 0);
        if (how != PYTHON2) buf_free(&out);
        buf_free(&pkl);
    }
    CHECK(first.len > 200 * 207 * 3 * 4);
    buf_free(&first);
    fixture_body_free(&body);
}

static void a_wrong_smpl_file_is_refused(void)
{
    fixture_body body = fixture_body_new(60, 2);
    for (int k = 0; k < 4; k++) {
        static const char *const say[] = { "SMPL's weights of vertex 3 do not add up to 1",
                                           "SMPL's f has an index out of range",
                                           "SMPL's v_template: holds a number that is not finite",
                                           "SMPL's weights hold a negative number" };
        double *place = k == 0 ? &body.weights[3 * 24] : k == 3 ? &body.weights[3 * 24 + 1] : &body.template[5];
        double kept = *place;
        uint32_t corner = body.face[4];
        if (k == 1)
            body.face[4] = 60;
        else
            *place = k == 0 ? 0.5 : k == 2 ? NAN : -0.5;
        buf pkl = buf_new(64 * MIB), out = buf_new(64 * MIB);
        err e = { 0 };
        CHECK(fixture_smpl(&body, PYTHON3, &pkl));
        CHECK(!smpl_import(pkl.data, pkl.len, &out, &e));
        CHECK_STR(e.msg, say[k]);
        *place = kept;
        body.face[4] = corner;
        buf_free(&pkl);
        buf_free(&out);
    }
    buf out = buf_new(64 * MIB);
    err e = { 0 };
    CHECK(!smpl_import((const uint8_t *)"}.", 2, &out, &e));
    CHECK_STR(e.msg, "SMPL's v_template: is missing");
    fixture_body_free(&body);
}

TEST_MAIN(RUN(every_protocol_of_python_is_read); RUN(a_sparse_matrix_that_is_its_own_list_is_refused);
          RUN(a_pickle_that_ends_early_is_refused); RUN(hostile_pickles_get_one_sentence);
          RUN(a_pickle_cannot_outgrow_its_memory); RUN(pytorch_checkpoints_are_read);
          RUN(a_damaged_checkpoint_is_refused_or_known_by_its_sums); RUN(a_file_that_is_no_checkpoint_is_refused);
          RUN(sixty_four_bit_archives_are_read); RUN(smpl_is_the_same_from_every_python);
          RUN(a_wrong_smpl_file_is_refused);)
