#include "common/json_scratch.h"
#include "test.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char TEXT[] = "{\"a\":[1,2.5,\"three\",null,{\"b\":true}],\"c\":\"d\"}";

static json_t *read_text(void) { return json_loads(TEXT, JSON_REJECT_DUPLICATES, NULL); }

// The arena's end is the tree's: the sanitizers would say of either if the other outlived it.
static void a_tree_lies_in_the_arena_it_was_made_in(void)
{
    arena *a = arena_new(1 << 20);
    CHECK(!json_scratch(a));
    json_t *j = read_text();
    char *again = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(3));
    CHECK_STR(again, TEXT);
    for (int i = 0; i < 1000; i++) CHECK(json_object_set_new(j, again + i % 20, json_integer(i)) == 0); // it grows
    json_decref(j);
    CHECK(json_scratch(NULL) == a);
    CHECK_STR(again, TEXT); // let go of, and still there
    arena_free(a);
}

static void the_heap_is_as_before_when_the_arena_is_left(void)
{
    arena *a = arena_new(1 << 20);
    json_t *before = read_text();
    json_scratch(a);
    json_decref(read_text());
    json_scratch(NULL);
    json_t *after = read_text();
    CHECK(json_equal(before, after));
    arena_free(a);
    json_decref(before);
    json_decref(after);
}

static void more_than_the_arena_may_hold_is_no_error(void)
{
    arena *a = arena_new(4096);
    json_scratch(a);
    json_t *list = json_array();
    for (int i = 0; i < 5000; i++) CHECK(json_array_append_new(list, json_string("some text of some length")) == 0);
    CHECK(json_array_size(list) == 5000);
    json_decref(list);
    json_scratch(NULL);
    arena_free(a);
}

static void *on_another_thread(void *ctx)
{
    (void)ctx;
    json_decref(read_text()); // on the heap: a leak or a wild free would be told
    return json_scratch(NULL);
}

static void other_threads_know_nothing_of_it(void)
{
    arena *a = arena_new(1 << 20);
    json_scratch(a);
    pthread_t t;
    void *theirs = a;
    CHECK(pthread_create(&t, NULL, on_another_thread, NULL) == 0 && pthread_join(t, &theirs) == 0);
    CHECK(!theirs);
    CHECK(json_scratch(NULL) == a);
    arena_free(a);
}

TEST_MAIN(json_scratch_begin(); RUN(a_tree_lies_in_the_arena_it_was_made_in);
          RUN(the_heap_is_as_before_when_the_arena_is_left); RUN(more_than_the_arena_may_hold_is_no_error);
          RUN(other_threads_know_nothing_of_it);)
