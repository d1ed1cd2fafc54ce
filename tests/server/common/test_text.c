#include "common/text.h"
#include "test.h"

#include <string.h>

static void compact_json_is_the_same_json_without_blanks(void)
{
    static const char *const rows[][2] = { { "{\"a\": 1,\n  \"b\": [1, 2 ,\t3]}\n", "{\"a\":1,\"b\":[1,2,3]}" },
                                           { "{\"a b\": \"c  d\\\" , \\\\\"}", "{\"a b\":\"c  d\\\" , \\\\\"}" },
                                           { " \"\" ", "\"\"" },
                                           { "", "" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100];
        snprintf(text, sizeof text, "%s", rows[i][0]);
        json_compact(text);
        CHECK_STR(text, rows[i][1]);
    }
}

static void members_are_found_on_the_first_level_only(void)
{
    json_member m[] = { { .name = "b" }, { .name = "c" }, { .name = "d" } };
    json_members("{\"a\": {\"b\": 1}, \"b\" : [ {\"c\": 2} ] , \"d\": \"}\\\",\"}", m, 3);
    CHECK(m[0].len == 12 && !strncmp(m[0].at, "[ {\"c\": 2} ]", 12));
    CHECK(!m[1].at);
    CHECK(m[2].len == 6 && !strncmp(m[2].at, "\"}\\\",\"", 6));
}

static void a_string_is_quoted_wherever_its_odd_bytes_stand(void)
{
    static const struct {
        const char *odd, *quoted;
    } rows[] = { { "\"", "\\\"" },           { "\\", "\\\\" },           { "\n", "\\u000a" }, { "\x1f", "\\u001f" },
                 { "\xc3\xa9", "\xc3\xa9" }, { "\xff", "\xef\xbf\xbd" }, { "\x7f", "\x7f" },  { " ", " " } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int before = 0; before < 20; before++) {
            static const char plain[] = "abcdefghijklmnopqrstuvwxyz";
            char text[64], want[64];
            snprintf(text, sizeof text, "%.*s%s%s", before, plain, rows[i].odd, plain);
            snprintf(want, sizeof want, "\"%.*s%s%s\"", before, plain, rows[i].quoted, plain);
            buf b = buf_new(100);
            CHECK(json_put_string(&b, text) && buf_append(&b, "", 1));
            CHECK_STR((char *)b.data, want);
            buf_free(&b);
        }
}

static void numbers_and_joined_texts_are_as_printf_writes_them(void)
{
    static const int64_t v[] = { 0, 7, -7, 10, 1234567890123, INT64_MAX, INT64_MIN };
    arena *a = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        char text[INT_TEXT], want[32];
        snprintf(want, sizeof want, "%lld", (long long)v[i]);
        CHECK_STR(int_text(v[i], text), want);
    }
    CHECK_STR(arena_join(a, "a", "", "bc", NULL), "abc");
    CHECK_STR(arena_join(a, NULL), "");
    arena_free(a);
}

TEST_MAIN(RUN(a_string_is_quoted_wherever_its_odd_bytes_stand); RUN(numbers_and_joined_texts_are_as_printf_writes_them);
          RUN(compact_json_is_the_same_json_without_blanks); RUN(members_are_found_on_the_first_level_only);)
