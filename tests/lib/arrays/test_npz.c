#include "arrays/npz.h"
#include "base/io.h"
#include "base/mem.h"
#include "test.h"

static const float betas[4] = { 0.5f, -1, 2, 3.25f };
static const double pose[6] = { -1, -0.6, -0.2, 0.2, 0.6, 1 };
static const int32_t faces[6] = { 0, 1, 2, 2, 1, 3 };

static buf small_file(void)
{
    static const char text[] = "é漢\U0001F600!";
    const npz_array arrays[] = {
        { "betas", NPZ_F32, 1, { 4 }, betas, 4 },
        { "pose", NPZ_F64, 2, { 2, 3 }, pose, 6 },
        { "faces", NPZ_I32, 2, { 2, 3 }, faces, 6 },
        { "scalar", NPZ_F32, 0, { 0 }, betas, 1 },
        { "text", NPZ_TEXT, 0, { 0 }, text, sizeof text - 1 },
        { "empty", NPZ_TEXT, 0, { 0 }, "", 0 },
    };
    buf b = buf_new(1 << 20);
    err e = { 0 };
    CHECK(npz_write(arrays, 6, &b, &e));
    CHECK_STR(e.msg, "");
    return b;
}

static void what_is_written_reads_back(void)
{
    buf b = small_file();
    err e = { 0 };
    npz *z = npz_parse(b.data, b.len, &e);
    CHECK_STR(e.msg, "");
    if (!z) return;
    CHECK(npz_count(z) == 6);
    const npz_array *a = npz_find(z, "pose");
    CHECK(a && a->type == NPZ_F64 && a->dims == 2 && a->dim[0] == 2 && a->dim[1] == 3 && a->count == 6);
    CHECK(a && memcmp(a->data, pose, sizeof pose) == 0);
    a = npz_find(z, "scalar");
    CHECK(a && a->dims == 0 && a->count == 1 && memcmp(a->data, betas, 4) == 0);
    a = npz_find(z, "text");
    CHECK(a && a->type == NPZ_TEXT && a->count == 10 && memcmp(a->data, "é漢\U0001F600!", 10) == 0);
    a = npz_find(z, "empty");
    CHECK(a && a->type == NPZ_TEXT && a->count == 0);
    CHECK(npz_find(z, "absent") == NULL);
    npz_free(z);
    buf_free(&b);
}

static void the_same_arrays_give_the_same_bytes(void)
{
    buf a = small_file(), b = small_file();
    CHECK(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    buf_free(&a);
    buf_free(&b);
}

static void check_numpys(const char *path)
{
    buf b = buf_new(1 << 20);
    err e = { 0 };
    CHECK(io_read(path, &b, &e));
    npz *z = npz_parse(b.data, b.len, &e);
    CHECK_STR(e.msg, "");
    buf_free(&b); // what was parsed is a copy
    if (!z) return;
    CHECK(npz_count(z) == 10);
    const npz_array *a = npz_find(z, "betas");
    CHECK(a && a->type == NPZ_F32 && a->dims == 1 && a->count == 10 && ((const float *)a->data)[9] == 2.25f);
    a = npz_find(z, "pose");
    CHECK(a && a->type == NPZ_F64 && a->dims == 2 && a->dim[1] == 3 && ((const double *)a->data)[5] == 1);
    a = npz_find(z, "faces");
    CHECK(a && a->type == NPZ_I32 && a->count == 6 && memcmp(a->data, faces, sizeof faces) == 0);
    a = npz_find(z, "big");
    CHECK(a && a->type == NPZ_I64 && ((const int64_t *)a->data)[0] == (int64_t)1 << 40);
    a = npz_find(z, "mask");
    CHECK(a && a->type == NPZ_BOOL && a->count == 3 && memcmp(a->data, "\1\0\1", 3) == 0);
    a = npz_find(z, "bytes");
    CHECK(a && a->type == NPZ_U8 && memcmp(a->data, "\0\x7f\xff", 3) == 0);
    a = npz_find(z, "gender");
    CHECK(a && a->type == NPZ_TEXT && a->count == 7 && memcmp(a->data, "neutral", 7) == 0);
    a = npz_find(z, "scalar");
    CHECK(a && a->dims == 0 && ((const double *)a->data)[0] == 1.5);
    a = npz_find(z, "raw");
    CHECK(a && a->count == 4 && memcmp(a->data, "ab\xc3\xa9", 4) == 0);
    a = npz_find(z, "wide");
    CHECK(a && a->count == 9 && memcmp(a->data, "é漢\U0001F600", 9) == 0);
    npz_free(z);
}

static void a_file_of_numpys_reads(void) { check_numpys(FIXTURES "/numpy.npz"); }
static void a_deflated_file_of_numpys_reads(void) { check_numpys(FIXTURES "/numpy_deflated.npz"); }

// The bytes numpy itself stores for the array, so that what we write is what numpy reads.
static void an_array_is_stored_as_numpy_stores_it(void)
{
    float ten[10];
    for (int i = 0; i < 10; i++) ten[i] = (float)i / 4;
    buf ours = buf_new(4096), theirs = buf_new(1 << 20);
    CHECK(npz_write(&(npz_array){ "betas", NPZ_F32, 1, { 10 }, ten, 10 }, 1, &ours, NULL));
    CHECK(io_read(FIXTURES "/numpy.npz", &theirs, NULL));
    const uint8_t *mine = memmem(ours.data, ours.len, "\x93NUMPY", 6);
    const uint8_t *first = memmem(theirs.data, theirs.len, "\x93NUMPY", 6);
    CHECK(mine && first && memcmp(mine, first, 128 + sizeof ten) == 0); // one header of 128 bytes, ten floats
    buf_free(&ours);
    buf_free(&theirs);
}

static void every_cut_or_bent_file_is_handled(void)
{
    buf b = small_file();
    for (size_t n = 0; n < b.len; n++) {
        uint8_t *cut = mem_new(n, 1);
        memcpy(cut, b.data, n);
        err e = { 0 };
        CHECK(npz_parse(cut, n, &e) == NULL && e.msg[0]);
        mem_free(cut);
    }
    // One flipped bit in an array's bytes is caught by its checksum.
    uint8_t *at = memmem(b.data, b.len, pose, 8);
    CHECK(at != NULL);
    if (at) at[1] ^= 4;
    err e = { 0 };
    CHECK(npz_parse(b.data, b.len, &e) == NULL);
    CHECK_STR(e.msg, "array pose: is damaged: it does not unpack to what its checksum says");
    buf_free(&b);
}

static void a_small_bound_on_the_output_is_an_error(void)
{
    buf b = buf_new(250); // the file would have 290
    err e = { 0 };
    CHECK(!npz_write(&(npz_array){ "pose", NPZ_F64, 2, { 2, 3 }, pose, 6 }, 1, &b, &e));
    CHECK(e.code == ERR_LIMIT && b.len == 0);
    buf_free(&b);
}

TEST_MAIN(RUN(what_is_written_reads_back); RUN(the_same_arrays_give_the_same_bytes); RUN(a_file_of_numpys_reads);
          RUN(a_deflated_file_of_numpys_reads); RUN(an_array_is_stored_as_numpy_stores_it);
          RUN(every_cut_or_bent_file_is_handled); RUN(a_small_bound_on_the_output_is_an_error);)
