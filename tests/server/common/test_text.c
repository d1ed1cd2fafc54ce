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

TEST_MAIN(RUN(compact_json_is_the_same_json_without_blanks); RUN(members_are_found_on_the_first_level_only);)
