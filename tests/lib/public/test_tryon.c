// The library as a stranger links it: the public header alone, built assets (script/build).
#include "tryon/tryon.h"
#include "test.h"

static void a_person_becomes_an_avatar_with_files_and_measurements(void)
{
    char why[TRYON_ERROR] = "";
    tryon *t = tryon_open(ASSETS, 1, why);
    CHECK(t != NULL);
    tryon_tape tape = { "waist_natural_girth", 74 };
    tryon_person p = { .height_cm = 168, .weight_kg = 62, .age = 29, .sex = "female", .tape = &tape, .tapes = 1 };
    tryon_avatar *a = tryon_make(t, &p, why);
    CHECK(a != NULL);
    tryon_interval waist, chest;
    CHECK(a && tryon_measured(a, "waist_natural_girth", &waist) && tryon_measured(a, "chest_girth", &chest));
    CHECK_NEAR(waist.value_cm, 74, 0.7); // a tape's own error is half a centimetre
    CHECK(chest.lo_cm < chest.value_cm && chest.value_cm < chest.hi_cm);
    CHECK(!tryon_measured(a, "tail_length", &chest));
    size_t keys = 0, bytes;
    while (tryon_key(keys)) keys++;
    CHECK(keys == 21);
    const char *glb = tryon_file(a, "avatar.glb", &bytes);
    CHECK(glb && bytes > 1000 && memcmp(glb, "glTF", 4) == 0);
    CHECK(tryon_file(a, "avatar.exe", &bytes) == NULL && bytes == 0);
    tryon_avatar_free(a);
    tryon_close(t);
}

static void what_is_wrong_is_said_in_a_sentence(void)
{
    char why[TRYON_ERROR] = "";
    CHECK(!tryon_open("/nonexistent", 1, why) && strstr(why, "open_body.safetensors"));
    tryon *t = tryon_open(ASSETS, 1, why);
    tryon_person p = { .height_cm = 17 };
    CHECK(t && !tryon_make(t, &p, why) && strstr(why, "130 to 220"));
    p = (tryon_person){ .height_cm = 170, .sex = "woman" };
    CHECK(t && !tryon_make(t, &p, why) && strstr(why, "\"female\""));
    tryon_close(t);
}

TEST_MAIN(RUN(a_person_becomes_an_avatar_with_files_and_measurements); RUN(what_is_wrong_is_said_in_a_sentence);)
