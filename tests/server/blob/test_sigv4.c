// Against another implementation's signatures: lines of sigv4_oracle.mjs from the file named by the first argument.
#include "base/mem.h"
#include "blob/sigv4.h"
#include "test.h"

#include <jansson.h>
#include <stdlib.h>

static const char *oracle;

static const char *text(const json_t *j, const char *key) { return json_string_value(json_object_get(j, key)); }

static int pairs(const json_t *list, const char *out[32][2])
{
    size_t i;
    json_t *p;
    json_array_foreach((json_t *)(uintptr_t)list, i, p)
    {
        out[i][0] = json_string_value(json_array_get(p, 0));
        out[i][1] = json_string_value(json_array_get(p, 1));
    }
    return (int)json_array_size(list);
}

static bool agrees(const json_t *j)
{
    const char *query[32][2], *headers[32][2];
    sigv4_request q = { .method = text(j, "method"),
                        .host = text(j, "host"),
                        .path = text(j, "path"),
                        .query = (const char *const(*)[2])query,
                        .headers = (const char *const(*)[2])headers,
                        .payload_sha256 = text(j, "payload"),
                        .region = text(j, "region"),
                        .service = "s3",
                        .access_key = text(j, "accessKeyId"),
                        .secret_key = text(j, "secretAccessKey"),
                        .session_token = text(j, "sessionToken"),
                        .date = text(j, "date") };
    q.query_count = pairs(json_object_get(j, "query"), query);
    q.header_count = pairs(json_object_get(j, "headers"), headers);
    buf b = buf_new(1 << 16);
    bool ok;
    if (json_is_true(json_object_get(j, "presign"))) {
        ok = sigv4_presign(&q, (int)json_integer_value(json_object_get(j, "expires")), &b) && buf_append(&b, "", 1);
        const char *at = ok ? strstr((char *)b.data, "&X-Amz-Signature=") : NULL;
        ok = at && !strcmp(at + 17, text(j, "signature"));
    } else {
        ok = sigv4_headers(&q, &b) && !strcmp((char *)b.data + strlen("Authorization: "), text(j, "authorization"));
    }
    buf_free(&b);
    return ok;
}

static void a_thousand_random_requests_are_signed_alike(void)
{
    FILE *f = fopen(oracle, "r");
    CHECK(f != NULL);
    char *line = NULL;
    size_t cap = 0;
    int n = 0, wrong = 0, presigned = 0;
    while (f && getline(&line, &cap, f) > 0) {
        json_t *j = json_loads(line, 0, NULL);
        CHECK(j != NULL);
        n++;
        presigned += json_is_true(json_object_get(j, "presign"));
        if (!agrees(j) && wrong++ < 3) printf("  %s", line);
        json_decref(j);
    }
    if (f) fclose(f);
    mem_free(line);
    printf("  %d requests, %d presigned, %d wrong\n", n, presigned, wrong);
    CHECK(n == 1000 && presigned > 300 && presigned < 700 && wrong == 0);
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, its worked example.
static void the_published_example_of_a_presigned_link_comes_out(void)
{
    sigv4_request q = { .method = "GET",
                        .host = "examplebucket.s3.amazonaws.com",
                        .path = "/test.txt",
                        .payload_sha256 = "UNSIGNED-PAYLOAD",
                        .region = "us-east-1",
                        .service = "s3",
                        .access_key = "AKIAIOSFODNN7EXAMPLE",
                        .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                        .date = "20130524T000000Z" };
    buf b = buf_new(4096);
    CHECK(sigv4_presign(&q, 86400, &b) && buf_append(&b, "", 1));
    CHECK(strstr((char *)b.data, "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404") !=
          NULL);
    buf_free(&b);
}

int main(int argc, char **argv)
{
    oracle = argc > 1 ? argv[1] : "/dev/null";
    RUN(the_published_example_of_a_presigned_link_comes_out);
    if (argc > 1) RUN(a_thousand_random_requests_are_signed_alike);
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
