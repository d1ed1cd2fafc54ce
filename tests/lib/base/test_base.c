#include "base/arena.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/label.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "test.h"

#include <locale.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void an_arena_begins_anew_in_its_memory_and_hands_out_zeros(void)
{
    arena *a = arena_new(1 << 20);
    for (int round = 0; round < 6; round++) {
        // Small things, things that need several chunks, and one that is never kept.
        size_t n = round % 3 == 0 ? 3000 : round % 3 == 1 ? 9000 : 200000, not_zero = 0;
        for (int k = 0; k < 3; k++) {
            unsigned char *p = arena_alloc(a, n, 1);
            CHECK(p != NULL);
            for (size_t i = 0; i < n; i++) not_zero += p[i] != 0;
            memset(p, 0xa5, n);
        }
        CHECK(not_zero == 0);
        arena_reset(a);
        CHECK(arena_alloc(a, 1, (1 << 20) - (64 << 10)) != NULL); // nearly all of it may be had again
        arena_reset(a);
    }
    arena_reset(a);
    arena_free(a);
}

static void an_arena_refuses_what_is_over_its_ceiling(void)
{
    arena *a = arena_new(1 << 20);
    CHECK(arena_alloc(a, 1, 1 << 19) != NULL);
    CHECK(arena_alloc(a, 1, 1 << 20) == NULL);
    volatile size_t huge = SIZE_MAX; // volatile: the compiler would refuse the call we want refused at run time
    CHECK(arena_alloc(a, huge, 16) == NULL);
    double *d = arena_array(a, double, 3);
    CHECK(d && d[0] == 0 && d[2] == 0);
    arena_free(a);
}

static void a_buffer_keeps_its_bytes_when_an_append_is_refused(void)
{
    buf b = buf_new(10);
    CHECK(buf_append(&b, "12345", 5));
    CHECK(!buf_append(&b, "678901", 6));
    CHECK(b.len == 5 && memcmp(b.data, "12345", 5) == 0);
    CHECK(buf_align(&b, 4, ' ') && b.len == 8 && b.data[7] == ' ');
    buf_free(&b);
}

static void a_label_is_cut_between_characters_and_needs_no_escape(void)
{
    char out[8];
    label_copy(out, sizeof out, "The \"S\"\\\n");
    CHECK_STR(out, "The  S "); // seven characters and the end
    label_copy(out, sizeof out,
               "Gr\xc3\xb6\xc3\x9f"
               "en");
    CHECK_STR(out, "Gr\xc3\xb6\xc3\x9f"
                   "e");
    label_copy(out, sizeof out, "123456\xc3\xa9");
    CHECK_STR(out, "123456"); // the character of two bytes has no room
    label_copy(out, sizeof out, "a\xff\xc3(\xed\xa0\x80");
    CHECK_STR(out, "a  (   "); // neither a lone byte nor half a surrogate
    label_copy(out, sizeof out, "\xf0\x9f\x91\x97!");
    CHECK_STR(out, "\xf0\x9f\x91\x97!");
    label_copy(out, sizeof out, "\xf0\x9f");
    CHECK_STR(out, "  ");
}

static bool runs(char *const *argv)
{
    pid_t child;
    int status = -1;
    extern char **environ;
    return posix_spawnp(&child, argv[0], NULL, NULL, argv, environ) == 0 && waitpid(child, &status, 0) == child &&
           status == 0;
}

static void numbers_have_a_point_where_the_program_writes_commas(void)
{
    char folder[] = "/tmp/tryon-locale-XXXXXX", made[64];
    CHECK(mkdtemp(folder) != NULL);
    snprintf(made, sizeof made, "%s/de_DE.UTF-8", folder);
    CHECK(runs((char *[]){ "localedef", "-c", "-i", "de_DE", "-f", "UTF-8", made, NULL }));
    CHECK(setenv("LOCPATH", folder, 1) == 0 && setlocale(LC_ALL, "de_DE.UTF-8"));
    char comma[16];
    snprintf(comma, sizeof comma, "%.1f", 0.5);
    CHECK_STR(comma, "0,5"); // the locale is at work
    buf b = buf_new(1 << 12);
    CHECK(buf_printf(&b, "%.2f %g ", 94.2, 0.25) && buf_fixed(&b, 0.125, 2) && buf_fixed(&b, 1.5e12, 1));
    CHECK(buf_append(&b, "", 1));
    CHECK_STR((const char *)b.data, "94.20 0.25 0.121500000000000.0");
    snprintf(comma, sizeof comma, "%.1f", 0.5);
    CHECK_STR(comma, "0,5"); // and still is
    buf_free(&b);
    setlocale(LC_ALL, "C");
    CHECK(runs((char *[]){ "rm", "-r", folder, NULL }));
}

static void an_error_names_what_it_was_within(void)
{
    err e = { 0 };
    CHECK(!fail(&e, ERR_LIMIT, "has %d arms", 3));
    CHECK(!fail_within(&e, "person.jpg"));
    CHECK_STR(e.msg, "person.jpg: has 3 arms");
    CHECK(e.code == ERR_LIMIT);
}

static void a_written_file_reads_back_and_leaves_no_temporary(void)
{
    char dir[] = "/tmp/tryon-test-XXXXXX", path[200], deep[200];
    CHECK(mkdtemp(dir) != NULL);
    err e = { 0 };
    CHECK(io_join(deep, sizeof deep, dir, "a/b/c"));
    CHECK(io_make_dirs(deep, &e));
    CHECK(io_join(path, sizeof path, deep, "file"));
    CHECK(io_write(path, "hello", 5, &e));
    CHECK(io_write(path, "hello again", 11, &e));
    buf b = buf_new(100);
    CHECK(io_read(path, &b, &e) && b.len == 11 && memcmp(b.data, "hello again", 11) == 0);
    buf_free(&b);
    buf tight = buf_new(4);
    CHECK(!io_read(path, &tight, &e) && e.code == ERR_LIMIT);
    CHECK(!io_read(deep, &tight, &e) && e.code == ERR_INPUT);
    CHECK(unlink(path) == 0 && rmdir(deep) == 0); // fails if a temporary was left beside it
    CHECK(!io_write("/nonexistent/x", "x", 1, &e) && e.code == ERR_IO);
    char command[300];
    snprintf(command, sizeof command, "%s/a/b", dir);
    rmdir(command);
    snprintf(command, sizeof command, "%s/a", dir);
    rmdir(command);
    CHECK(rmdir(dir) == 0);
}

static void square(void *ctx, int i) { ((int *)ctx)[i] = i * i; }

static void every_item_of_a_loop_runs_once_on_any_thread_count(void)
{
    for (int threads = 1; threads <= 4; threads++) {
        pool *p = pool_new(threads);
        CHECK(pool_threads(p) == threads);
        for (int round = 0; round < 100; round++) {
            int out[257] = { 0 };
            pool_run(p, 257, square, out);
            for (int i = 0; i < 257; i++) CHECK(out[i] == i * i);
        }
        pool_free(p);
    }
}

static void a_seed_gives_the_same_numbers_and_normals_have_unit_variance(void)
{
    rng a = rng_new(7), b = rng_new(7);
    double sum = 0, square_sum = 0;
    for (int i = 0; i < 100000; i++) {
        double x = rng_normal(&a);
        CHECK(x == rng_normal(&b));
        sum += x;
        square_sum += x * x;
    }
    CHECK_NEAR(sum / 1e5, 0, 0.013);        // 4 standard errors of a mean of 1e5
    CHECK_NEAR(square_sum / 1e5, 1, 0.018); // 4 standard errors, sqrt(2/n)
}

static void a_fixed_number_is_written_as_printf_writes_it(void)
{
    static const double hard[] = { 0,     -0.0,    0.5,     1.5,        2.5,       0.125,     0.375, -0.001,
                                   0.005, 1.005,   2.675,   999999.5,   0.0000005, 999.9999,  1e9,   -1e9,
                                   1e300, -1e-300, 1.0 / 3, 12345.6785, INFINITY,  -INFINITY, NAN };
    enum { HARD = sizeof hard / sizeof *hard };
    rng r = rng_new(3);
    for (int i = 0; i < 200000; i++) {
        // Halves of the last digit are where rounding could differ.
        double v = i < HARD ? hard[i] : i % 3 ? 200 * rng_normal(&r) : floor(1e4 * rng_normal(&r)) / 2000;
        int decimals = i % 7;
        char want[400];
        snprintf(want, sizeof want, "%.*f", decimals, v);
        buf b = buf_new(400);
        CHECK(buf_fixed(&b, v, decimals) && b.len == strlen(want) && !memcmp(b.data, want, b.len));
        buf_free(&b);
    }
    buf full = buf_new(3);
    CHECK(!buf_fixed(&full, 1.25, 2) && full.len == 0);
    buf_free(&full);
}

static void a_buffer_used_again_keeps_to_its_new_maximum(void)
{
    buf b = buf_new(1000);
    CHECK(buf_join(&b, "one", "", " two", NULL) && b.len == 7 && !memcmp(b.data, "one two", 7));
    buf_reuse(&b, 5);
    CHECK(b.len == 0 && !buf_printf(&b, "%s", "123456") && b.len == 0);
    CHECK(!buf_join(&b, "123", "456", NULL) && b.len == 0);
    CHECK(buf_printf(&b, "%d", 12345) && !buf_append(&b, "6", 1) && b.len == 5);
    buf_free(&b);
}

TEST_MAIN(RUN(an_arena_refuses_what_is_over_its_ceiling); RUN(an_arena_begins_anew_in_its_memory_and_hands_out_zeros);
          RUN(a_buffer_used_again_keeps_to_its_new_maximum); RUN(a_buffer_keeps_its_bytes_when_an_append_is_refused);
          RUN(a_fixed_number_is_written_as_printf_writes_it);
          RUN(a_label_is_cut_between_characters_and_needs_no_escape);
          RUN(numbers_have_a_point_where_the_program_writes_commas); RUN(an_error_names_what_it_was_within);
          RUN(a_written_file_reads_back_and_leaves_no_temporary);
          RUN(every_item_of_a_loop_runs_once_on_any_thread_count);
          RUN(a_seed_gives_the_same_numbers_and_normals_have_unit_variance);)
