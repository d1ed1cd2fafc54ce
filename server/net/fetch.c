#include "net/fetch.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    const fetch_request *q;
    fetch_response *out;
    bool too_long, refused;
} transfer;

static pthread_key_t handle_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void close_handle(void *h) { curl_easy_cleanup(h); }

static void begin(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || pthread_key_create(&handle_key, close_handle)) abort();
}

// IANA's special-purpose registries (RFC 6890 and its updates): all that is not a public unicast address.
bool fetch_public_v4(const unsigned char a[4])
{
    if (a[0] == 0 || a[0] == 10 || a[0] == 127 || a[0] >= 224) return false;
    if (a[0] == 100 && (a[1] & 0xc0) == 64) return false; // carrier-grade NAT
    if (a[0] == 169 && a[1] == 254) return false;         // link-local, cloud metadata
    if (a[0] == 172 && (a[1] & 0xf0) == 16) return false;
    if (a[0] == 192 && a[1] == 168) return false;
    if (a[0] == 192 && a[1] == 0 && (a[2] == 0 || a[2] == 2)) return false;
    if (a[0] == 192 && a[1] == 88 && a[2] == 99) return false;
    if (a[0] == 198 && (a[1] & 0xfe) == 18) return false;
    if (a[0] == 198 && a[1] == 51 && a[2] == 100) return false;
    if (a[0] == 203 && a[1] == 0 && a[2] == 113) return false;
    return true;
}

bool fetch_public_v6(const unsigned char a[16])
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };
    if (!memcmp(a, mapped, 12) || !memcmp(a, nat64, 12)) return fetch_public_v4(a + 12);
    if (a[0] == 0x20 && a[1] == 0x02) return fetch_public_v4(a + 2); // 6to4 carries a v4 address
    if ((a[0] & 0xe0) != 0x20) return false;                         // only 2000::/3 is global unicast
    if (a[0] == 0x20 && a[1] == 0x01 && (a[2] == 0 || (a[2] == 0x0d && a[3] == 0xb8) || (a[2] & 0xfe) == 0))
        return false; // Teredo, documentation, protocol assignments
    return true;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
    (void)purpose;
    transfer *t = ctx;
    // Looked at after the name was resolved: a name that points inside, or changes between two look-ups, gains nothing.
    bool ok = !t->q->guarded;
    if (a->family == AF_INET)
        ok = ok || fetch_public_v4((const unsigned char *)&((struct sockaddr_in *)(void *)&a->addr)->sin_addr);
    else if (a->family == AF_INET6)
        ok = ok || fetch_public_v6((const unsigned char *)&((struct sockaddr_in6 *)(void *)&a->addr)->sin6_addr);
    if (!ok) {
        t->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    (void)size;
    transfer *t = ctx;
    if (buf_append(&t->out->body, p, n)) return n;
    t->too_long = true;
    return 0;
}

static void header_value(const char *p, size_t n, const char *name, char *out, size_t size)
{
    size_t k = strlen(name);
    if (n <= k || strncasecmp(p, name, k) != 0 || p[k] != ':') return;
    for (k++; k < n && (p[k] == ' ' || p[k] == '\t'); k++) {
    }
    while (n > k && (p[n - 1] == '\r' || p[n - 1] == '\n' || p[n - 1] == ' ')) n--;
    snprintf(out, size, "%.*s", (int)(n - k), p + k);
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    (void)size;
    transfer *t = ctx;
    char seconds[16] = "";
    if (n > 5 && !strncmp(p, "HTTP/", 5)) { // a new response begins (after a redirect or 100)
        t->out->etag[0] = t->out->location[0] = 0;
        t->out->retry_after = 0;
    }
    header_value(p, n, "etag", t->out->etag, sizeof t->out->etag);
    header_value(p, n, "location", t->out->location, sizeof t->out->location);
    header_value(p, n, "retry-after", seconds, sizeof seconds);
    if (*seconds) t->out->retry_after = strtol(seconds, NULL, 10);
    return n;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    transfer *t = ctx;
    return t->q->cancelled && t->q->cancelled(t->q->cancelled_ctx);
}

bool fetch(const fetch_request *q, fetch_response *out, err *e)
{
    pthread_once(&once, begin);
    CURL *h = pthread_getspecific(handle_key);
    if (!h) {
        h = curl_easy_init();
        if (!h || pthread_setspecific(handle_key, h)) return fail(e, ERR_MEMORY, "fetch: no handle");
    }
    curl_easy_reset(h); // keeps connections open
    transfer t = { .q = q, .out = out };
    out->status = 0;
    out->etag[0] = out->location[0] = 0;
    const char *method = q->method ? q->method : "GET";
    struct curl_slist *list = NULL;
    for (const char *const *p = q->headers; p && *p; p++) list = curl_slist_append(list, *p);
    list = curl_slist_append(list, "Expect:"); // no second of waiting for a 100 that may not come
    curl_easy_setopt(h, CURLOPT_URL, q->url);
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, q->follow ? 1L : 0L);
    curl_easy_setopt(h, CURLOPT_MAXREDIRS, 3L);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L); // what was signed is what is sent
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, q->timeout_ms ? q->timeout_ms : 30000L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    curl_easy_setopt(h, CURLOPT_USERAGENT, "tryon/0.1");
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, &t);
    curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(h, CURLOPT_HEADERDATA, &t);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, &t);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, &t);
    if (q->guarded) {
        curl_easy_setopt(h, CURLOPT_PROXY, "");         // an environment's proxy would connect for us
        curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L); // nor a connection that somebody else opened
        curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L);
    }
    if (!strcmp(method, "HEAD")) curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
    if (q->body || !strcmp(method, "POST") || !strcmp(method, "PUT")) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, q->body ? q->body : "");
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
    }
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, list);
    CURLcode code = curl_easy_perform(h);
    curl_slist_free_all(list);
    if (code == CURLE_OK) {
        long status = 0;
        curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
        out->status = (int)status;
        return true;
    }
    if (t.refused) return fail(e, ERR_DENIED, "this address is not on the public internet");
    if (t.too_long) return fail(e, ERR_LIMIT, "the answer is longer than %zu bytes", out->body.max);
    if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
        return fail(e, ERR_INPUT, "this is not an http or https address");
    return fail(e, ERR_IO, "fetch: %s", curl_easy_strerror(code));
}
