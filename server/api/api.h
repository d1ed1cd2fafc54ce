// The routes of the service. One file a resource; this header holds what they share. The route table is in routes.c:
// who may call, what it costs, how large a body may be.
#pragma once
#include "api/known.h"
#include "api/together.h"
#include "auth/jwt.h"
#include "blob/blob.h"
#include "db/db.h"
#include "http/bucket.h"
#include "http/http.h"
#include "jobs/cloud.h"
#include "jobs/plane.h"
#include "jobs/handlers.h"
#include "site/site.h"

#include <jansson.h>
#include <stdatomic.h>

// Who may call a route. 0: anyone.
enum {
    WHO_SHOPPER = 1,     // a guest or a signed-in shopper
    WHO_SECRET = 2,      // a brand's secret key
    WHO_PUBLISHABLE = 4, // a brand's publishable key, from an origin of its list
    WHO_OPERATOR = 8,    // the operator's key (the RunPod-like client interface)
    WHO_WORKER = 16,     // the workers' key
    WHO_METRICS = 32,    // the metrics token
    WHO_LINK = 64        // a signed link
};

typedef enum { COST_READ, COST_WRITE, COST_UPLOAD, COST_AUTH, COST_INGEST, COST_FREE } api_cost;

typedef struct {
    const char *public_url; // "https://api.tryon.example"; NULL: what the Host header says
    const char *worker_key, *operator_key, *metrics_token; // each non-empty; metrics_token NULL: loopback only
    const char *origins;                      // allowed for CORS beside the brands' own, separated by blanks
    double rate;                              // factor on all rate limits; 0: no limits
    int guest_days;                           // life of a guest token; 0: 30
    const char *pepper;                       // for hashing addresses
    const char *shopify_id, *shopify_secrets; // of the Shopify app; secrets as in auth/shopify.h. NULL: none
    const char *shopify_base;                 // stands in for every shop's https://NAME.myshopify.com, for tests
    const char *page_key; // signs the context that the fitting room speaks for a brand with; NULL: none is given
} api_config;

typedef struct api api;

typedef struct {
    uuid_text user, brand; // "" when not
    bool guest;            // the user is known by a guest's token
    bool secret;           // the brand spoke with its secret key
    bool operator_, worker;
    const char *scopes; // JSON array, of the key
} api_caller;

struct api {
    api_config c;
    db *d;
    blob_store *blobs;
    job_plane plane;
    const job_handlers *handlers; // for fit
    jwt_verifier *jwt;            // NULL: guests only
    bucket_table *buckets;
    site *site; // the pages; NULL: API only
    known_callers *known;
    together *events, *tryons, *avatars;
    cloud *cloud;      // NULL: no RunPod
    http_server *http; // set once it runs
    atomic_bool draining;
    struct api_stats *stats;
};

api *api_new(const api_config *c, db *d, blob_store *blobs, const job_handlers *handlers, jwt_verifier *jwt);
void api_free(api *p);
extern const http_route api_routes[];
bool api_gate(http_request *q, http_response *r);
bool api_origin_allowed(void *app, const char *origin);
void api_done(const http_request *q, int status, int64_t micros);

static inline api *api_of(const http_request *q) { return q->app; }
static inline const api_caller *api_who(const http_request *q) { return q->who; }

// A brand's new key; text is shown once (at least 60 bytes). scopes and origins are JSON arrays.
bool api_key_make(api *p, arena *a, const char *brand, bool secret, const char *scopes, const char *origins,
                  char text[64], uuid_text id, err *e) MUST_USE;

// --- shared by the routes (body.c) -----------------------------------------------------------------------------------

// The JSON object of the body, or NULL after answering 400. Decref it.
json_t *api_body(http_request *q, http_response *r);
// A path parameter that must be an id; NULL after answering 404.
const char *api_id(http_request *q, http_response *r, int which);
// "2026-11-22T13:05:00.123Z" in the arena.
const char *api_time(http_request *q, int64_t ms);
// A link for the caller: signed, absolute, of this object.
const char *api_link(http_request *q, const char *bucket, const char *path, int seconds);
// Is the request's own address such a link, or its object everybody's to read?
bool blob_link_opens(const http_request *q);
const char *api_base(http_request *q); // "https://host" that the caller reached us by
// Sends a JSON value and decrefs it.
void api_send(http_request *q, http_response *r, int status, json_t *j);
json_t *api_parse(const char *text); // JSON text of ours, NULL becomes null
json_t *api_text(const char *s);     // string or null
bool api_invalid(http_request *q, http_response *r, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// --- the fitting room's page and what it may know (embed.c) ----------------------------------------------------------

#define EMBED_PREFIX "try_embed_"
// Is this the context of a brand, made by us and still good? Then brand is whose.
bool embed_context_ok(const api *p, const char *context, uuid_text brand);
// A page of the site, with who may frame it (http_config.fallback).
bool api_page(http_request *q, http_response *r);

// Is word one of list, which ends with NULL?
bool api_among(const char *const *list, const char *word);
// The brand's garment that a shop's product id means, in either form Shopify writes ids in. *has: there is one.
bool api_garment_of(http_request *q, const char *brand, const char *product, db_garment *g, bool *has, err *e) MUST_USE;

// A job came to its end: its webhook is told. ctx is the api.
void api_tell(void *ctx, const char *job);

// --- handlers --------------------------------------------------------------------------------------------------------
http_handler guest_create, me_get, me_export, me_delete, me_join;
http_handler handoff_create, handoff_get, handoff_take;
http_handler shopify_authorize, shopify_connect, shopify_hook;
http_handler avatar_create, avatar_list, avatar_get, avatar_patch, avatar_delete, avatar_start, avatar_watch,
    avatar_file;
http_handler tryon_create, tryon_get, tryon_patch, tryon_file;
http_handler brand_get, brand_patch, key_list, key_create, key_patch, key_rotate, key_revoke;
http_handler preview_start, preview_get, preview_sheet, widget_get;
http_handler garment_list, garment_create, garment_get, garment_patch, garment_delete, garment_size_put,
    garment_size_delete, garment_chart_put;
together_work events_write, tryons_write, avatars_read;
http_handler events_add, analytics_get, embed_get;
http_handler blob_read, blob_write;
http_handler plane_run, plane_runsync, plane_status, plane_status_sync, plane_stream, plane_cancel, plane_retry,
    plane_purge, plane_health, plane_job_take, plane_job_done, plane_job_stop, plane_ping;
http_handler runpod_news;
http_handler healthz, readyz, metrics, openapi_json, docs_page;
