// What a brand's console asks of the database, on both engines.
#include "stage.h"

static char shopper[40], a_brand[40], other_brand[40], garment[40];

static void begin(void)
{
    open_database();
    int applied;
    OK(db_migrate(D, &applied, &E));
    db_user u;
    uuid_text token;
    sha256_hex hash;
    uuid_new(token);
    sha256_text(token, 36, hash);
    OK(db_guest_new(D, A, hash, clock_ms() + 400 * 86400000LL, &u, &E)); // outlives what is swept here
    snprintf(shopper, sizeof shopper, "%s", u.id);
    OK(db_brand_create(D, A, "One", NULL, -1, a_brand, &E));
    OK(db_brand_create(D, A, "Other", NULL, -1, other_brand, &E));
    OK(db_garment_create(D, A, a_brand, &(db_garment){ .name = "Tee", .category = "tshirt" }, garment, &E));
}

static void end(void)
{
    close_database();
    CHECK(access(folder, F_OK) != 0);
}

static void settings_change_one_by_one(void)
{
    db_brand b;
    OK(db_brand_update(D, A, a_brand, "Renamed", 30, -1, &E));
    OK(db_brand_get(D, A, a_brand, &b, &E));
    CHECK_STR(b.name, "Renamed");
    CHECK(b.avatar_days == 30 && b.event_days == 0);
    OK(db_brand_update(D, A, a_brand, NULL, -1, 400, &E));
    OK(db_brand_get(D, A, a_brand, &b, &E));
    CHECK(b.avatar_days == 30 && b.event_days == 400);
    OK(db_brand_update(D, A, a_brand, NULL, 0, 0, &E));
    OK(db_brand_get(D, A, a_brand, &b, &E));
    CHECK(b.avatar_days == 0 && b.event_days == 0);
    OK(db_brand_get(D, A, other_brand, &b, &E));
    CHECK_STR(b.name, "Other");
}

static void a_keys_pages_change_only_for_its_brand_and_only_if_it_is_public(void)
{
    uuid_text id[2], hash;
    sha256_hex h;
    for (int i = 0; i < 2; i++) {
        db_key k = { .secret = i == 1, .prefix = "try", .scopes = "[]", .origins = "[\"https://a.example\"]" };
        snprintf(k.brand_id, sizeof k.brand_id, "%s", a_brand);
        uuid_new(hash);
        sha256_text(hash, 36, h);
        OK(db_key_create(D, A, &k, h, id[i], &E));
    }
    CHECK(!db_key_set_origins(D, A, other_brand, id[0], "[]", &E) && E.code == ERR_NOT_FOUND);
    CHECK(!db_key_set_origins(D, A, a_brand, id[1], "[]", &E) && E.code == ERR_NOT_FOUND);
    OK(db_key_set_origins(D, A, a_brand, id[0], "[\"https://b.example\"]", &E));
    db_key *list;
    int n;
    OK(db_key_list(D, A, a_brand, &list, &n, &E));
    bool found = false;
    for (int i = 0; i < n; i++) found = found || (!strcmp(list[i].id, id[0]) && strstr(list[i].origins, "b.example"));
    CHECK(found);
}

static const char *tryon_of(const char *what, const char *best, const char *chosen)
{
    static const char fit[] =
        "{\"recommended\":\"%s\",\"sizes\":{\"M\":{\"score\":0.9,\"regions\":[{\"region\":\"hip\",\"class\":\"too_"
        "tight\"},{\"region\":\"chest\",\"class\":\"fitted\"}]},\"L\":{\"score\":0.5,\"regions\":[{\"region\":\"hip\","
        "\"class\":\"fitted\"}]}}}";
    char text[400];
    snprintf(text, sizeof text, fit, best);
    db_tryon n = { .selected_size = chosen, .fit_result = text }, *t = arena_alloc(A, 1, sizeof *t);
    snprintf(n.user_id, 37, "%s", shopper);
    snprintf(n.brand_id, 37, "%s", a_brand);
    snprintf(n.garment_id, 37, "%s", what);
    OK(tryon_alone(&n, NULL, 0, t));
    return t->id;
}

static const char *tryon(const char *best, const char *chosen) { return tryon_of(garment, best, chosen); }

static void sizes_flow_from_recommended_to_bought_and_back(void)
{
    const char *first = tryon("M", "M"), *second = tryon("M", "L");
    tryon("L", "L");
    db_event v[] = {
        { .type = "purchase_completed", .dedupe_key = "1", .session_id = first, .garment_id = garment },
        { .type = "purchase_completed", .dedupe_key = "2", .session_id = second, .metadata = "{\"size\":\"S\"}" },
        { .type = "item_returned", .dedupe_key = "3", .session_id = first }
    };
    for (int i = 0; i < 3; i++) v[i].created_at = clock_ms();
    int added;
    OK(db_events_add(D, A, a_brand, v, 3, &added, &E));
    int64_t to = clock_ms() + 1000;
    buf json = buf_new(1 << 16);
    OK(db_analytics_size_flow(D, A, a_brand, garment, 0, to, &json, &E));
    OK(buf_append(&json, "", 1));
    CHECK_STR((char *)json.data, "[{\"size\":\"L\",\"recommended\":1,\"chosen\":2,\"bought\":0,\"returned\":0},"
                                 "{\"size\":\"M\",\"recommended\":2,\"chosen\":1,\"bought\":1,\"returned\":1},"
                                 "{\"size\":\"S\",\"recommended\":0,\"chosen\":0,\"bought\":1,\"returned\":0}]");
    json.len = 0;
    OK(db_analytics_size_flow(D, A, a_brand, NULL, 0, to, &json, &E));
    CHECK(json.len > 60);
    json.len = 0;
    // M: recommended twice (once another was chosen); L: chosen twice, once of them recommended.
    OK(db_analytics_regions(D, A, a_brand, garment, 0, to, &json, &E));
    OK(buf_append(&json, "", 1));
    CHECK_STR((char *)json.data, "[{\"size\":\"L\",\"region\":\"hip\",\"class\":\"fitted\",\"tryons\":2},"
                                 "{\"size\":\"M\",\"region\":\"chest\",\"class\":\"fitted\",\"tryons\":2},"
                                 "{\"size\":\"M\",\"region\":\"hip\",\"class\":\"too_tight\",\"tryons\":2}]");
    json.len = 0;
    OK(db_analytics_tryons(D, A, a_brand, 0, to, &json, &E));
    OK(buf_append(&json, "", 1));
    CHECK(strstr((char *)json.data, first) && strstr((char *)json.data, "\"garment\":\"Tee\"") &&
          strstr((char *)json.data, "\"purchases\":1") && !strstr((char *)json.data, shopper));
    json.len = 0;
    OK(db_analytics_tryons(D, A, other_brand, 0, to, &json, &E));
    OK(db_analytics_regions(D, A, other_brand, garment, 0, to, &json, &E));
    OK(db_analytics_size_flow(D, A, other_brand, garment, 0, to, &json, &E));
    OK(buf_append(&json, "", 1));
    CHECK_STR((char *)json.data, "[][][]");
    buf_free(&json);
}

static void what_is_reported_by_its_session_alone_counts_for_the_garment_tried_on(void)
{
    uuid_text scarf;
    OK(db_garment_create(D, A, a_brand, &(db_garment){ .name = "Scarf", .category = "tshirt" }, scarf, &E));
    const char *session = tryon_of(scarf, "M", "M");
    db_event v[] = { { .type = "purchase_completed", .dedupe_key = "scarf-1", .session_id = session },
                     { .type = "purchase_completed", .dedupe_key = "scarf-2", .session_id = session },
                     { .type = "purchase_completed", .session_id = session, .garment_id = garment } };
    for (int i = 0; i < 3; i++) v[i].created_at = clock_ms();
    int added;
    OK(db_events_add(D, A, a_brand, v, 3, &added, &E));
    OK(db_events_add(D, A, other_brand, v, 1, &added, &E)); // another's session
    buf json = buf_new(1 << 16);
    OK(db_analytics_garments(D, A, a_brand, 0, clock_ms() + 1000, &json, &E));
    OK(buf_append(&json, "", 1));
    CHECK(strstr((char *)json.data, "\"name\":\"Scarf\",\"tryons\":1,\"size_switches\":0,\"purchases\":2}") != NULL);
    json.len = 0;
    OK(db_analytics_garments(D, A, other_brand, 0, clock_ms() + 1000, &json, &E));
    OK(buf_append(&json, "", 1));
    CHECK_STR((char *)json.data, "[]");
    buf_free(&json);
}

static void a_preview_is_made_by_one_job_and_a_newer_one_calls_it_off(void)
{
    uuid_text job[2];
    db_preview v;
    db_job j;
    bool found, applied;
    CHECK(!db_preview_start(D, A, other_brand, garment, "M", job[0], &E) && E.code == ERR_NOT_FOUND);
    CHECK(!db_preview_get(D, A, a_brand, garment, &v, &E) && E.code == ERR_NOT_FOUND);
    OK(db_preview_start(D, A, a_brand, garment, "M", job[0], &E));
    OK(db_job_take(D, A, "avatar", "w", 60000, &j, &found, &E));
    CHECK(found && !strcmp(j.id, job[0]));
    OK(db_preview_start(D, A, a_brand, garment, "", job[1], &E));
    db_job_effect x = { .output = "{}", .sheet_path = "b/g/sheet.png", .report = "{\"bodies\":[]}" };
    OK(db_job_finish(D, A, job[0], "w", &x, &applied, &E));
    CHECK(!applied);
    OK(db_job_take(D, A, "avatar", "w", 60000, &j, &found, &E));
    CHECK(found && !strcmp(j.id, job[1]));
    OK(db_preview_of_job(D, A, j.id, &v, &E));
    CHECK_STR(v.garment_id, garment);
    OK(db_job_finish(D, A, job[1], "w", &x, &applied, &E));
    CHECK(applied);
    OK(db_preview_get(D, A, a_brand, garment, &v, &E));
    CHECK_STR(v.sheet_url, "b/g/sheet.png");
    CHECK(v.report && *v.size == 0);
    CHECK(!db_preview_get(D, A, other_brand, garment, &v, &E) && E.code == ERR_NOT_FOUND);
    if (db_is_postgres(D)) { // the policy alone hides it, and nobody's brand may write it
        sql_rows r;
        OK(sql_once(D, db_as_brand(other_brand), SQL_READ, A, &r, &E, "SELECT 1 FROM garment_previews", ""));
        CHECK(r.count == 0);
        CHECK(!sql_once(D, db_as_brand(a_brand), SQL_WRITE, A, &r, &E, "DELETE FROM garment_previews", ""));
        CHECK(E.code == ERR_DENIED);
    }
}

static int count_of(const char *sql, const char *id)
{
    sql_rows r;
    OK(sql_once(D, db_service, SQL_READ, A, &r, &E, sql, "t", id));
    return (int)sql_int(&r, 0, 0);
}

static void what_a_brand_does_not_keep_goes_after_its_days_and_nothing_else(void)
{
    static const int64_t day = 86400000;
    uuid_text avatar[2];
    const char *of[2] = { a_brand, other_brand };
    bool repeat;
    db_avatar v;
    for (int i = 0; i < 2; i++) {
        uuid_new(avatar[i]);
        OK(db_avatar_create(D, A,
                            &(db_avatar_new){ .id = avatar[i],
                                              .user_id = shopper,
                                              .brand_id = of[i],
                                              .answers = "{}",
                                              .consent_version = "1",
                                              .start = false },
                            &v, &repeat, &E));
    }
    tryon("M", "M");
    const char *drape = arena_alloc(A, 120, 1); // an object in the avatar's folder, as a finished drape leaves one
    snprintf((char *)(uintptr_t)drape, 120, "%s/%s/tryon-1.glb", shopper, avatar[0]);
    OK(db_blob_intend(D, A, "avatars", drape, shopper, NULL, &E));
    int64_t now = clock_ms(), removed;
    static const char tied[] = "SELECT count(*) FROM tryon_sessions WHERE brand_id = $1 AND user_id IS NOT NULL",
                      all[] = "SELECT count(*) FROM tryon_sessions WHERE brand_id = $1",
                      events[] = "SELECT count(*) FROM events WHERE brand_id = $1",
                      avatars[] = "SELECT count(*) FROM avatars WHERE id = $1",
                      doomed[] = "SELECT count(*) FROM blobs WHERE path = $1 AND state = 'doomed'";
    int before = count_of(all, a_brand);
    OK(db_brand_update(D, A, a_brand, NULL, 30, 0, &E));
    OK(db_retention_sweep(D, A, now + 29 * day, &removed, &E));
    CHECK(removed == 0);
    OK(db_retention_sweep(D, A, now + 31 * day, &removed, &E));
    CHECK(count_of(avatars, avatar[0]) == 0 && count_of(avatars, avatar[1]) == 1);
    CHECK(count_of(tied, a_brand) == 0 && count_of(all, a_brand) == before);
    CHECK(count_of(doomed, drape) == 1);
    CHECK(count_of("SELECT count(*) FROM events WHERE brand_id = $1 AND session_id IS NOT NULL AND user_id IS NOT NULL",
                   a_brand) == 0);
    OK(db_brand_update(D, A, a_brand, NULL, -1, 90, &E));
    OK(db_retention_sweep(D, A, now + 89 * day, &removed, &E));
    CHECK(count_of(events, a_brand) > 0);
    OK(db_retention_sweep(D, A, now + 91 * day, &removed, &E));
    CHECK(count_of(events, a_brand) == 0 && count_of(all, a_brand) == 0);
    CHECK(count_of("SELECT count(*) FROM users WHERE id = $1", shopper) == 1);
}

TEST_MAIN(begin(); RUN(settings_change_one_by_one);
          RUN(a_keys_pages_change_only_for_its_brand_and_only_if_it_is_public);
          RUN(sizes_flow_from_recommended_to_bought_and_back);
          RUN(what_is_reported_by_its_session_alone_counts_for_the_garment_tried_on);
          RUN(a_preview_is_made_by_one_job_and_a_newer_one_calls_it_off);
          RUN(what_a_brand_does_not_keep_goes_after_its_days_and_nothing_else); end();)
