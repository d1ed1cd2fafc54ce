#include "arrays/safetensors.h"
#include "base/mem.h"
#include "test.h"

#include <stdlib.h>

static const float weights[6] = { 1, 2, 3, 4, 5, 6.5f };
static const uint8_t labels[3] = { 7, 8, 9 };
static const uint16_t halves[2] = { 0x3c00, 0xc000 };

static buf small_file(void)
{
    buf b = buf_new(1 << 20);
    st_writer *w = st_writer_new();
    st_writer_metadata(w, "model", "\"open\" body é");
    st_writer_add(w, "labels", ST_U8, 1, (uint64_t[]){ 3 }, labels);
    st_writer_add(w, "weights", ST_F32, 2, (uint64_t[]){ 2, 3 }, weights);
    st_writer_add(w, "halves", ST_F16, 1, (uint64_t[]){ 2 }, halves);
    st_writer_add(w, "nothing", ST_F64, 2, (uint64_t[]){ 0, 5 }, NULL);
    CHECK(st_write(w, &b, NULL));
    st_writer_free(w);
    return b;
}

static void what_is_written_reads_back(void)
{
    buf b = small_file();
    err e = { 0 };
    safetensors *s = st_parse(b.data, b.len, &e);
    CHECK(s != NULL);
    CHECK_STR(e.msg, "");
    if (!s) return;
    CHECK(st_count(s) == 4);
    CHECK_STR(st_metadata(s, "model"), "\"open\" body é");
    CHECK(st_metadata(s, "author") == NULL);
    const st_tensor *t = st_require(s, "weights", ST_F32, 2, (uint64_t[]){ 0, 3 }, &e);
    CHECK(t && t->count == 6 && t->bytes == 24 && memcmp(t->data, weights, 24) == 0);
    // The first tensor begins 64-byte aligned in the file, each at a multiple of its element size.
    CHECK(((const uint8_t *)st_find(s, "nothing")->data - b.data) % 64 == 0);
    t = st_find(s, "labels");
    CHECK(t && t->dims == 1 && t->dim[0] == 3 && memcmp(t->data, labels, 3) == 0);
    st_free(s);
    buf_free(&b);
}

static void the_same_tensors_give_the_same_bytes(void)
{
    buf a = small_file(), b = small_file();
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    buf_free(&a);
    buf_free(&b);
}

static void a_wrong_requirement_is_named(void)
{
    buf b = small_file();
    err e = { 0 };
    safetensors *s = st_parse(b.data, b.len, &e);
    CHECK(!st_require(s, "absent", ST_F32, 1, (uint64_t[]){ 0 }, &e));
    CHECK_STR(e.msg, "tensor absent is missing");
    CHECK(!st_require(s, "weights", ST_F16, 2, (uint64_t[]){ 2, 3 }, &e));
    CHECK_STR(e.msg, "tensor weights is F32, want F16");
    CHECK(!st_require(s, "weights", ST_F32, 1, (uint64_t[]){ 6 }, &e));
    CHECK(!st_require(s, "weights", ST_F32, 2, (uint64_t[]){ 2, 4 }, &e));
    CHECK_STR(e.msg, "tensor weights has 3 in dimension 1, want 4");
    st_free(s);
    buf_free(&b);
}

static void every_cut_file_is_refused(void)
{
    buf b = small_file();
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *cut = mem_new(n, 1);
        memcpy(cut, b.data, n);
        err e = { 0 };
        CHECK(st_parse(cut, n, &e) == NULL && e.msg[0]);
        mem_free(cut);
    }
    buf_free(&b);
}

// Each header is lying about data of 8 bytes.
static void lying_headers_are_refused(void)
{
    static const char *const headers[] = {
        "[]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_"
        "offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
        "offsets\":[4,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387906],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"Q4\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.5]}}",
        "{\"a\":7}",
        "{\"__metadata__\":{\"k\":1},\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_"
        "offsets\":[5,8]},\"c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]}}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        buf b = buf_new(4096);
        uint64_t n = strlen(headers[i]), padded = (n + 7) / 8 * 8;
        CHECK(buf_append(&b, &padded, 8) && buf_append(&b, headers[i], n) && buf_align(&b, 8, ' '));
        CHECK(buf_append_zeros(&b, 8));
        err e = { 0 };
        safetensors *s = st_parse(b.data, b.len, &e);
        CHECK(s == NULL && e.msg[0]);
        if (s) printf("accepted: %s\n", headers[i]);
        st_free(s);
        buf_free(&b);
    }
}

static void a_name_added_twice_is_not_written(void)
{
    buf b = buf_new(1 << 20);
    st_writer *w = st_writer_new();
    st_writer_add(w, "labels", ST_U8, 1, (uint64_t[]){ 3 }, labels);
    st_writer_add(w, "labels", ST_U8, 1, (uint64_t[]){ 3 }, labels);
    err e = { 0 };
    CHECK(!st_write(w, &b, &e) && b.len == 0);
    CHECK(e.code == ERR_CONFLICT);
    st_writer_free(w);
    buf_free(&b);
}

static void every_half_survives_the_way_through_single_precision(void)
{
    int wrong = 0;
    for (uint32_t h = 0; h < 65536; h++) {
        if ((h & 0x7c00) == 0x7c00 && h & 0x3ff) { // not a number: stays one
            wrong += !isnan(f16_to_f32((uint16_t)h)) || (f16_from_f32(f16_to_f32((uint16_t)h)) & 0x7c00) != 0x7c00;
            continue;
        }
        wrong += f16_from_f32(f16_to_f32((uint16_t)h)) != h;
    }
    CHECK(wrong == 0);
    CHECK(f16_to_f32(0x3c00) == 1 && f16_to_f32(0xc000) == -2 && f16_to_f32(0x7bff) == 65504);
    CHECK(f16_to_f32(0x0001) == ldexpf(1, -24));
}

static void rounding_to_half_is_to_nearest_even(void)
{
    CHECK(f16_from_f32(1 + ldexpf(1, -11)) == 0x3c00);     // half way: to the even one, below
    CHECK(f16_from_f32(1 + 3 * ldexpf(1, -11)) == 0x3c02); // half way: to the even one, above
    CHECK(f16_from_f32(1 + ldexpf(1.01f, -11)) == 0x3c01);
    CHECK(f16_from_f32(65519.996f) == 0x7bff && f16_from_f32(65520) == 0x7c00);
    CHECK(f16_from_f32(ldexpf(1, -25)) == 0 && f16_from_f32(ldexpf(1.5f, -25)) == 1);
    CHECK(f16_from_f32(ldexpf(2047.6f, -25)) == 0x0400); // the largest subnormal rounds up into the normal ones
    CHECK(f16_from_f32(-0.0f) == 0x8000 && f16_from_f32(-INFINITY) == 0xfc00);
}

TEST_MAIN(RUN(what_is_written_reads_back); RUN(the_same_tensors_give_the_same_bytes); RUN(a_wrong_requirement_is_named);
          RUN(every_cut_file_is_refused); RUN(lying_headers_are_refused); RUN(a_name_added_twice_is_not_written);
          RUN(every_half_survives_the_way_through_single_precision); RUN(rounding_to_half_is_to_nearest_even);)
