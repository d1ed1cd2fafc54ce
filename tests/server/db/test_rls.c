// What PostgreSQL itself keeps from others: row-level security and the storage's policies, as a Supabase project has
// them.
#include "stage.h"

// What a Supabase project has before our migrations come, as far as they touch it: its roles, its auth.uid(), its
// generous default privileges, and Storage.
static void make_storage(void)
{
    if (!db_is_postgres(D)) return;
    sql_txn *t;
    OK(sql_begin(D, db_service, SQL_WRITE, A, &t, &E));
    OK(sql_script(
        t,
        "CREATE ROLE anon NOLOGIN NOINHERIT; CREATE ROLE authenticated NOLOGIN NOINHERIT;"
        "CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;"
        "GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;"
        "CREATE SCHEMA auth; GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;"
        "CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $f$ SELECT coalesce("
        "nullif(current_setting('request.jwt.claim.sub', true), ''), "
        "(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'))::uuid $f$;"
        "COMMENT ON FUNCTION auth.uid() IS 'theirs'; CREATE SCHEMA storage;"
        "CREATE TABLE storage.buckets (id text PRIMARY KEY, name text, public boolean, file_size_limit bigint, "
        "allowed_mime_types text[]);"
        "CREATE TABLE storage.objects (id uuid DEFAULT gen_random_uuid(), bucket_id text, name text, owner_id text, "
        "UNIQUE (bucket_id, name));"
        "ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;"
        "CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $f$ SELECT "
        "(string_to_array(name, '/'))[1:array_length(string_to_array(name, '/'), 1) - 1] $f$;"
        "GRANT USAGE ON SCHEMA storage TO authenticated, anon; GRANT ALL ON storage.objects TO authenticated, anon;",
        &E));
    OK(sql_commit(t, &E));
}

// Straight SQL in a user's and a brand's scope over every table: the policies alone must hide all other rows.
static void row_level_security_hides_every_table(void)
{
    if (!db_is_postgres(D)) return; // SQLite has none; its statements carry the owner (all tests above)
    const char *ub = guest(), *bb = brand(), *ua = guest(), *ba = brand();
    const char *owners[2][2] = { { ua, ba }, { ub, bb } };
    for (int i = 0; i < 2; i++) {
        const char *u = owners[i][0], *b = owners[i][1], *v = avatar(u, b, true);
        uuid_text g;
        OK(db_garment_create(D, A, b, &(db_garment){ .name = "G" }, g, &E));
        db_tryon n = { .selected_size = "M" }, t;
        snprintf(n.user_id, 37, "%s", u);
        snprintf(n.brand_id, 37, "%s", b);
        snprintf(n.avatar_id, 37, "%s", v);
        snprintf(n.garment_id, 37, "%s", g);
        OK(tryon_alone(&n, NULL, 0, &t));
        db_key k = { .secret = true, .prefix = "p", .scopes = "[]", .origins = "[]" };
        snprintf(k.brand_id, 37, "%s", b);
        uuid_text id;
        OK(db_key_create(D, A, &k, fresh_hash(), id, &E));
    }
    sql_rows tables, r;
    OK(sql_once(D, db_service, SQL_READ, A, &tables, &E,
                "SELECT c.relname, c.relrowsecurity FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND "
                "c.relkind = 'r' ORDER BY 1",
                ""));
    CHECK(tables.count >= 18);
    int readable = 0;
    for (int i = 0; i < tables.count; i++) {
        const char *name = sql_cell(&tables, i, 0);
        CHECK(sql_true(&tables, i, 1));
        for (int side = 0; side < 2; side++) {
            db_scope who = side ? db_as_brand(ba) : db_as_user(ua);
            char sql[200];
            snprintf(sql, sizeof sql, "SELECT row_to_json(x)::text FROM %s x", name);
            if (!sql_once(D, who, SQL_READ, A, &r, &E, sql, "")) {
                CHECK(E.code == ERR_DENIED);
                continue;
            }
            const char *me = side ? ba : ua;
            for (int k = 0; k < r.count; k++) {
                if (!strstr(sql_cell(&r, k, 0), me)) printf("  %s shows %s\n", name, sql_cell(&r, k, 0));
                CHECK(strstr(sql_cell(&r, k, 0), me) != NULL);
                CHECK(strstr(sql_cell(&r, k, 0), side ? bb : ub) == NULL);
            }
            readable += r.count > 0;
        }
    }
    CHECK(readable >= 9);
    // Writing into another's name is refused too.
    uuid_text id;
    uuid_new(id);
    REFUSED(sql_once(D, db_as_brand(ba), SQL_WRITE, A, &r, &E,
                     "INSERT INTO garments (id, brand_id, name) VALUES ($1, $2, 'x')", "tt", id, bb),
            ERR_DENIED);
    REFUSED(sql_once(D, db_as_brand(ba), SQL_WRITE, A, &r, &E,
                     "INSERT INTO events (id, brand_id, event_type) VALUES ($1, $2, 'x')", "tt", id, bb),
            ERR_DENIED);
    OK(sql_once(D, db_as_brand(ba), SQL_WRITE, A, &r, &E, "UPDATE garments SET name = 'x' WHERE brand_id = $1", "t",
                bb));
    CHECK(r.changed == 0);
    REFUSED(sql_once(D, db_as_user(ua), SQL_WRITE, A, &r, &E, "UPDATE avatars SET status = 'ready' WHERE user_id = $1",
                     "t", ua),
            ERR_DENIED);
}

static void storage_policies_let_an_owner_do_all_and_others_nothing(void)
{
    if (!db_is_postgres(D)) return;
    const char *a = guest(), *b = guest();
    db_scope as_a = db_as_user(a), as_b = db_as_user(b);
    sql_rows r;
    static const char *const buckets[] = { "photos", "avatars" };
    for (int i = 0; i < 2; i++) {
        const char *bucket = buckets[i], *mine = path_of(a, "v", "x.glb");
        // Upload, replace (an upsert needs SELECT, INSERT and UPDATE), read.
        OK(sql_once(D, as_a, SQL_WRITE, A, &r, &E, "INSERT INTO storage.objects (bucket_id, name) VALUES ($1, $2)",
                    "tt", bucket, mine));
        OK(sql_once(D, as_a, SQL_WRITE, A, &r, &E,
                    "INSERT INTO storage.objects (bucket_id, name) VALUES ($1, $2) ON CONFLICT (bucket_id, name) DO "
                    "UPDATE SET owner_id = 'again'",
                    "tt", bucket, mine));
        OK(sql_once(D, as_a, SQL_READ, A, &r, &E,
                    "SELECT owner_id FROM storage.objects WHERE name = $1 AND bucket_id = $2", "tt", mine, bucket));
        CHECK(r.count == 1 && !strcmp(sql_cell(&r, 0, 0), "again"));
        // Another sees nothing, changes nothing, and cannot write there, nor move his own there.
        OK(sql_once(D, as_b, SQL_READ, A, &r, &E, "SELECT 1 FROM storage.objects WHERE bucket_id = $1", "t", bucket));
        CHECK(r.count == 0);
        OK(sql_once(D, as_b, SQL_WRITE, A, &r, &E, "DELETE FROM storage.objects WHERE name = $1", "t", mine));
        CHECK(r.changed == 0);
        REFUSED(sql_once(D, as_b, SQL_WRITE, A, &r, &E, "INSERT INTO storage.objects (bucket_id, name) VALUES ($1, $2)",
                         "tt", bucket, path_of(a, "v", "evil")),
                ERR_DENIED);
        OK(sql_once(D, as_b, SQL_WRITE, A, &r, &E, "INSERT INTO storage.objects (bucket_id, name) VALUES ($1, $2)",
                    "tt", bucket, path_of(b, "v", "own")));
        REFUSED(sql_once(D, as_b, SQL_WRITE, A, &r, &E, "UPDATE storage.objects SET name = $1 WHERE bucket_id = $2",
                         "tt", path_of(a, "v", "moved"), bucket),
                ERR_DENIED);
        OK(sql_once(D, as_a, SQL_WRITE, A, &r, &E, "DELETE FROM storage.objects WHERE name = $1 AND bucket_id = $2",
                    "tt", mine, bucket));
        CHECK(r.changed == 1);
    }
    REFUSED(sql_once(D, as_a, SQL_WRITE, A, &r, &E,
                     "INSERT INTO storage.objects (bucket_id, name) VALUES ('garments', $1)", "t",
                     path_of(a, "v", "x")),
            ERR_DENIED);
    OK(sql_once(D, db_service, SQL_WRITE, A, &r, &E,
                "INSERT INTO storage.objects (bucket_id, name) VALUES ('garments', 'b/g.glb')", ""));
    OK(sql_once(D, as_a, SQL_READ, A, &r, &E, "SELECT 1 FROM storage.objects WHERE bucket_id = 'garments'", ""));
    CHECK(r.count == 0); // served to anyone by its address, listed to nobody
    OK(sql_once(D, db_service, SQL_READ, A, &r, &E, "SELECT id, public FROM storage.buckets ORDER BY id", ""));
    CHECK(r.count == 3 && !sql_true(&r, 0, 1) && sql_true(&r, 1, 1) && !sql_true(&r, 2, 1));
}

// Supabase grants everything on new tables to every caller, and leaves the rest to policies: ours takes that back.
static void nothing_is_granted_beyond_what_is_meant(void)
{
    if (!db_is_postgres(D)) return;
    sql_rows r;
    OK(sql_once(D, db_service, SQL_READ, A, &r, &E,
                "SELECT role || ' may ' || what || ' ' || c.relname FROM pg_class c, unnest(ARRAY['anon', "
                "'authenticated']) role, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', "
                "'REFERENCES']) what WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND "
                "has_table_privilege(role, c.oid, what) ORDER BY 1",
                ""));
    static const char *const meant[] = {
        "authenticated may DELETE garments",   "authenticated may INSERT events",
        "authenticated may INSERT garments",   "authenticated may SELECT api_keys",
        "authenticated may SELECT avatars",    "authenticated may SELECT brands",
        "authenticated may SELECT consents",   "authenticated may SELECT events",
        "authenticated may SELECT garments",   "authenticated may SELECT tryon_sessions",
        "authenticated may SELECT usage_days", "authenticated may SELECT users",
        "authenticated may UPDATE garments"
    };
    size_t found = 0;
    for (int i = 0; i < r.count; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof meant / sizeof *meant; k++)
            known = known || !strcmp(sql_cell(&r, i, 0), meant[k]);
        // Drapes are a shopper's own, as avatars are; a garment's preview is its brand's.
        known = known || !strcmp(sql_cell(&r, i, 0), "authenticated may SELECT garment_previews") ||
                !strcmp(sql_cell(&r, i, 0), "authenticated may SELECT drapes") ||
                !strcmp(sql_cell(&r, i, 0), "authenticated may SELECT tryon_drapes");
        if (!known) printf("  %s\n", sql_cell(&r, i, 0));
        CHECK(known);
        found += known;
    }
    CHECK(found >= sizeof meant / sizeof *meant);
    OK(sql_once(D, db_service, SQL_READ, A, &r, &E, "SELECT obj_description('auth.uid()'::regprocedure)", ""));
    CHECK(r.count == 1 && sql_cell(&r, 0, 0) && !strcmp(sql_cell(&r, 0, 0), "theirs")); // left as it was found
}

// Each statement as this role, with claims as PostgREST sets them; *count is its rows, -1 when it was refused.
static void as_role(const char *role, const char *claims, const char *sql, int64_t *count)
{
    sql_txn *t;
    sql_rows r;
    OK(sql_begin(D, db_service, SQL_WRITE, A, &t, &E));
    OK(sql_run(t, &r, &E, "SELECT set_config('request.jwt.claims', $1, true), set_config('role', $2, true)", "tt",
               claims, role));
    bool ok = sql_run(t, &r, &E, sql, "");
    CHECK(ok || E.code == ERR_DENIED);
    *count = !ok ? -1 : r.count ? r.count : r.changed;
    sql_abort(t);
}

static void strangers_get_nothing_and_the_service_role_everything(void)
{
    if (!db_is_postgres(D)) return;
    const char *a = guest(), *b = guest();
    char mine[100];
    int64_t n;
    avatar(a, NULL, true);
    snprintf(mine, sizeof mine, "{\"role\":\"authenticated\",\"sub\":\"%s\"}", a);
    OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E,
                "INSERT INTO storage.objects (bucket_id, name) VALUES ('avatars', $1), ('avatars', $2)", "tt",
                path_of(a, "v", "f.glb"), path_of(b, "v", "f.glb")));
    as_role("anon", "{\"role\":\"anon\"}", "SELECT id FROM avatars", &n);
    CHECK(n == -1);
    as_role("anon", "{\"role\":\"anon\"}", "SELECT name FROM storage.objects", &n);
    CHECK(n == 0);
    as_role("anon", "{\"role\":\"anon\"}", "DELETE FROM storage.objects", &n);
    CHECK(n == 0);
    as_role("anon", mine, "SELECT name FROM storage.objects", &n); // a claim alone makes nobody
    CHECK(n == 0);
    as_role("authenticated", mine, "SELECT name FROM storage.objects", &n);
    CHECK(n == 1);
    as_role("authenticated", mine, "SELECT id FROM avatars", &n);
    CHECK(n == 1);
    as_role("authenticated", "{\"role\":\"authenticated\"}", "SELECT id FROM avatars", &n); // nobody's token
    CHECK(n == 0);
    // What a shopper writes of himself is no brand.
    char forged[200];
    const char *shop = brand();
    snprintf(forged, sizeof forged,
             "{\"role\":\"authenticated\",\"sub\":\"%s\",\"user_metadata\":{\"brand_id\":\"%s\"}}", a, shop);
    as_role("authenticated", forged, "SELECT id FROM brands", &n);
    CHECK(n == 0);
    as_role("service_role", "{\"role\":\"service_role\"}", "SELECT id FROM avatars", &n);
    CHECK(n >= 1);
    OK(sql_once(D, db_service, SQL_WRITE, A, NULL, &E, "DELETE FROM storage.objects", ""));
}

static void both_engines_have_the_same_columns(void)
{
    if (!db_is_postgres(D)) return; // needs both; the PostgreSQL run makes a SQLite file beside it
    char lite[128];
    snprintf(lite, sizeof lite, "sqlite:%s/twin.db", folder);
    db *d;
    int applied;
    OK(db_open(lite, 1, &d, &E));
    OK(db_migrate(d, &applied, &E));
    sql_rows p, s;
    OK(sql_once(
        D, db_service, SQL_READ, A, &p, &E,
        "SELECT x FROM (SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' required' "
        "ELSE '' END AS x FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> "
        "'schema_migrations') y ORDER BY x COLLATE \"C\"",
        ""));
    OK(sql_once(d, db_service, SQL_READ, A, &s, &E,
                "SELECT m.name || '.' || c.name || CASE WHEN c.\"notnull\" OR c.pk THEN ' required' ELSE '' END FROM "
                "sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name <> 'schema_migrations' "
                "ORDER BY 1",
                ""));
    CHECK(p.count == s.count && p.count > 100);
    for (int i = 0; i < p.count && i < s.count; i++) CHECK_STR(sql_cell(&p, i, 0), sql_cell(&s, i, 0));
    db_close(d);
}

TEST_MAIN(open_database(); make_storage(); int applied; OK(db_migrate(D, &applied, &E));
          RUN(row_level_security_hides_every_table); RUN(storage_policies_let_an_owner_do_all_and_others_nothing);
          RUN(nothing_is_granted_beyond_what_is_meant); RUN(strangers_get_nothing_and_the_service_role_everything);
          RUN(both_engines_have_the_same_columns); close_database();)
