#include "base/mem.h"
#include "http/multipart.h"
#include "base/buf.h"
#include "test.h"

typedef struct {
    buf log;
} record;

static bool begin(void *ctx, const char *name, const char *filename, const char *type, err *e)
{
    (void)e;
    record *r = ctx;
    return buf_printf(&r->log, "[%s|%s|%s]", name, filename, type);
}

static bool data(void *ctx, const uint8_t *p, size_t n, err *e)
{
    (void)e;
    record *r = ctx;
    return buf_append(&r->log, p, n);
}

// The form pushed in pieces of the size given; what came out, or "refused".
static const char *parse(const char *type, const char *form, size_t n, size_t step)
{
    static record r;
    buf_free(&r.log);
    r.log = buf_new(1 << 20);
    multipart m;
    multipart_sink sink = { &r, begin, data };
    err e;
    bool ok = multipart_init(&m, type, &sink, &e);
    for (size_t i = 0; ok && i < n; i += step)
        ok = multipart_push(&m, (const uint8_t *)form + i, n - i < step ? n - i : step, &e);
    ok = ok && multipart_end(&m, &e);
    if (!ok || !buf_append(&r.log, "", 1)) return "refused";
    return (const char *)r.log.data;
}

static const char TYPE[] = "multipart/form-data; boundary=AaB03x";
static const char FORM[] =
    "--AaB03x\r\nContent-Disposition: form-data; name=\"height_cm\"\r\n\r\n170\r\n"
    "--AaB03x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a \\\"b\\\".jpg\"\r\n"
    "Content-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--AaB03\r\n-\r\r\n-\r\n--AaB03x--\r\n";

static void a_form_comes_out_the_same_however_it_is_cut(void)
{
    char want[256];
    snprintf(want, sizeof want, "%s", parse(TYPE, FORM, sizeof FORM - 1, sizeof FORM));
    CHECK_STR(want, "[height_cm||]170[photo|a \"b\".jpg|image/jpeg]\xff\xd8\r\n--AaB03\r\n-\r\r\n-");
    for (size_t step = 1; step < 40; step++) CHECK_STR(parse(TYPE, FORM, sizeof FORM - 1, step), want);
}

static void a_form_cut_short_is_refused_at_every_length(void)
{
    for (size_t n = 0; n < sizeof FORM - 5; n++) CHECK_STR(parse(TYPE, FORM, n, 7), "refused");
}

static void ambiguous_forms_are_refused(void)
{
#define REFUSE(type, form) CHECK_STR(parse(type, form, sizeof(form) - 1, 1000), "refused")
    REFUSE("multipart/form-data", "--x--\r\n");
    REFUSE("multipart/form-data; boundary=", "----\r\n");
    REFUSE("multipart/form-data; boundary=a; boundary=b", "--a--\r\n");
    REFUSE("multipart/form-data; boundary=\"a b\"", "--a b--\r\n");
    REFUSE("multipart/mixed; boundary=x", "--x--\r\n");
    REFUSE(TYPE, "preamble\r\n--AaB03x--\r\n");
    REFUSE(TYPE, "--AaB03x\nContent-Disposition: form-data; name=a\n\nv\n--AaB03x--\n");
    REFUSE(TYPE, "--AaB03x\r\n\r\nv\r\n--AaB03x--\r\n");
    REFUSE(TYPE, "--AaB03x\r\nContent-Type: text/plain\r\n\r\nv\r\n--AaB03x--\r\n");
    REFUSE(TYPE, "--AaB03x\r\nContent-Disposition: form-data; name=a\r\n x: y\r\n\r\nv\r\n--AaB03x--\r\n");
    REFUSE(TYPE, "--AaB03x\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: "
                 "base64\r\n\r\nv\r\n--AaB03x--\r\n");
    REFUSE(TYPE, "--AaB03x\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nv\r\n--AaB03x--\r\n");
    REFUSE(TYPE, "--AaB03x--\r\nepilogue");
    REFUSE(TYPE, "--AaB03x--\r\n\n");
}

static void a_form_has_a_bounded_number_of_parts_and_head_bytes(void)
{
    buf b = buf_new(1 << 16);
    for (int i = 0; i < 17; i++)
        CHECK(buf_printf(&b, "--AaB03x\r\nContent-Disposition: form-data; name=p%d\r\n\r\nv\r\n", i));
    CHECK(buf_printf(&b, "--AaB03x--\r\n"));
    CHECK_STR(parse(TYPE, (char *)b.data, b.len, 100), "refused");
    b.len = 0;
    CHECK(buf_printf(&b, "--AaB03x\r\nX-Long: %01200d\r\n", 1));
    CHECK_STR(parse(TYPE, (char *)b.data, b.len, 100), "refused");
    buf_free(&b);
}

TEST_MAIN(RUN(a_form_comes_out_the_same_however_it_is_cut); RUN(a_form_cut_short_is_refused_at_every_length);
          RUN(ambiguous_forms_are_refused); RUN(a_form_has_a_bounded_number_of_parts_and_head_bytes);)
