// The whole of the service's surface, in one table.
#include "api/api.h"
#include "api/stats.h"
#include "base/limits.h"
#include "base/mem.h"
#include "common/json_scratch.h"

enum { SMALL = 64 << 10, BATCH = 2 << 20, RESULT = 20 << 20 };
#define PHOTOS (2 * LIMIT_IMAGE_BYTES + SMALL)
#define BRAND (WHO_SECRET | WHO_PUBLISHABLE)

const http_route api_routes[] = {
    { "POST", "/v1/guests", "createGuest", guest_create, 0, NULL, COST_AUTH, HTTP_NO_BODY, SMALL },
    { "GET", "/v1/me", "getMe", me_get, WHO_SHOPPER, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "DELETE", "/v1/me", "deleteMe", me_delete, WHO_SHOPPER, NULL, COST_WRITE, HTTP_NO_BODY, SMALL },
    { "GET", "/v1/me/export", "exportMe", me_export, WHO_SHOPPER, NULL, COST_WRITE, HTTP_NO_BODY, 0 },
    { "POST", "/v1/me/join", "joinGuest", me_join, WHO_SHOPPER, NULL, COST_WRITE, HTTP_JSON, SMALL },
    { "POST", "/v1/handoffs", "createHandoff", handoff_create, WHO_SHOPPER, NULL, COST_WRITE, HTTP_NO_BODY, SMALL },
    { "POST", "/v1/handoffs/take", "takeHandoff", handoff_take, 0, NULL, COST_AUTH, HTTP_JSON, SMALL },
    { "GET", "/v1/handoffs/{id}", "getHandoff", handoff_get, WHO_SHOPPER, NULL, COST_READ, HTTP_NO_BODY, 0 },

    { "POST", "/v1/avatars", "createAvatar", avatar_create, WHO_SHOPPER, NULL, COST_UPLOAD, HTTP_FORM_OR_JSON, PHOTOS },
    { "GET", "/v1/avatars", "listAvatars", avatar_list, WHO_SHOPPER, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "GET", "/v1/avatars/{id}", "getAvatar", avatar_get, WHO_SHOPPER, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "PATCH", "/v1/avatars/{id}", "correctAvatar", avatar_patch, WHO_SHOPPER, NULL, COST_UPLOAD, HTTP_JSON, SMALL },
    { "DELETE", "/v1/avatars/{id}", "deleteAvatar", avatar_delete, WHO_SHOPPER, NULL, COST_WRITE, HTTP_NO_BODY, SMALL },
    { "POST", "/v1/avatars/{id}/start", "startAvatar", avatar_start, WHO_SHOPPER, NULL, COST_WRITE, HTTP_NO_BODY,
      SMALL },
    { "GET", "/v1/avatars/{id}/events", "watchAvatar", avatar_watch, WHO_SHOPPER, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "GET", "/v1/avatars/{id}/files/{name}", "getAvatarFile", avatar_file, WHO_SHOPPER, NULL, COST_READ, HTTP_NO_BODY,
      0 },

    { "POST", "/v1/tryons", "createTryon", tryon_create, WHO_SHOPPER, NULL, COST_WRITE, HTTP_JSON, SMALL },
    { "GET", "/v1/tryons/{id}", "getTryon", tryon_get, WHO_SHOPPER | WHO_SECRET, "analytics", COST_READ, HTTP_NO_BODY,
      0 },
    { "PATCH", "/v1/tryons/{id}", "switchSize", tryon_patch, WHO_SHOPPER, NULL, COST_WRITE, HTTP_JSON, SMALL },
    { "GET", "/v1/tryons/{id}/files/{name}", "getTryonFile", tryon_file, WHO_SHOPPER, NULL, COST_READ, HTTP_NO_BODY,
      0 },

    { "GET", "/v1/brand", "getBrand", brand_get, WHO_SECRET, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "PATCH", "/v1/brand", "updateBrand", brand_patch, WHO_SECRET, "keys", COST_WRITE, HTTP_JSON, SMALL },
    { "GET", "/v1/keys", "listKeys", key_list, WHO_SECRET, "keys", COST_READ, HTTP_NO_BODY, 0 },
    { "POST", "/v1/keys", "createKey", key_create, WHO_SECRET, "keys", COST_WRITE, HTTP_JSON, SMALL },
    { "PATCH", "/v1/keys/{id}", "updateKey", key_patch, WHO_SECRET, "keys", COST_WRITE, HTTP_JSON, SMALL },
    { "POST", "/v1/keys/{id}/rotate", "rotateKey", key_rotate, WHO_SECRET, "keys", COST_WRITE, HTTP_JSON, SMALL },
    { "DELETE", "/v1/keys/{id}", "revokeKey", key_revoke, WHO_SECRET, "keys", COST_WRITE, HTTP_NO_BODY, SMALL },

    { "GET", "/v1/garments", "listGarments", garment_list, BRAND, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "POST", "/v1/garments", "createGarment", garment_create, WHO_SECRET, "garments", COST_WRITE, HTTP_JSON, BATCH },
    { "GET", "/v1/garments/{id}", "getGarment", garment_get, BRAND, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "PATCH", "/v1/garments/{id}", "updateGarment", garment_patch, WHO_SECRET, "garments", COST_WRITE, HTTP_JSON,
      BATCH },
    { "DELETE", "/v1/garments/{id}", "deleteGarment", garment_delete, WHO_SECRET, "garments", COST_WRITE, HTTP_NO_BODY,
      SMALL },
    { "PUT", "/v1/garments/{id}/sizes/{size}", "putGarmentSize", garment_size_put, WHO_SECRET, "garments", COST_WRITE,
      HTTP_BYTES, LIMIT_GLB_BYTES },
    { "DELETE", "/v1/garments/{id}/sizes/{size}", "deleteGarmentSize", garment_size_delete, WHO_SECRET, "garments",
      COST_WRITE, HTTP_NO_BODY, SMALL },
    { "PUT", "/v1/garments/{id}/size-chart", "putSizeChart", garment_chart_put, WHO_SECRET, "garments", COST_WRITE,
      HTTP_BYTES, 256 << 10 },

    { "POST", "/v1/garments/{id}/preview", "startPreview", preview_start, WHO_SECRET, "garments", COST_WRITE, HTTP_JSON,
      SMALL },
    { "GET", "/v1/garments/{id}/preview", "getPreview", preview_get, WHO_SECRET, "garments", COST_READ, HTTP_NO_BODY,
      0 },
    { "GET", "/v1/garments/{id}/preview/sheet.png", "getPreviewSheet", preview_sheet, WHO_SECRET, "garments", COST_READ,
      HTTP_NO_BODY, 0 },

    { "GET", "/v1/widget", "getWidget", widget_get, 0, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "GET", "/v1/embed", "getEmbed", embed_get, 0, NULL, COST_READ, HTTP_NO_BODY, 0 },
    { "POST", "/v1/events", "addEvents", events_add, BRAND | WHO_SHOPPER, "events", COST_INGEST, HTTP_JSON, BATCH },
    { "GET", "/v1/analytics/{report}", "getAnalytics", analytics_get, WHO_SECRET, "analytics", COST_READ, HTTP_NO_BODY,
      0 },

    { "GET", "/v1/blobs/{bucket}/{*path}", "readBlob", blob_read, WHO_LINK, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { "PUT", "/v1/blobs/{bucket}/{*path}", "writeBlob", blob_write, WHO_LINK, NULL, COST_FREE, HTTP_BYTES,
      LIMIT_GLB_BYTES },

    { "POST", "/v2/{endpoint}/run", "run", plane_run, WHO_OPERATOR, NULL, COST_FREE, HTTP_JSON, 10 << 20 },
    { "POST", "/v2/{endpoint}/runsync", "runSync", plane_runsync, WHO_OPERATOR, NULL, COST_FREE, HTTP_JSON, 20 << 20 },
    { "GET", "/v2/{endpoint}/status/{id}", "jobStatus", plane_status, WHO_OPERATOR, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { "GET", "/v2/{endpoint}/status-sync/{id}", "jobStatusSync", plane_status_sync, WHO_OPERATOR, NULL, COST_FREE,
      HTTP_NO_BODY, 0 },
    { "GET", "/v2/{endpoint}/stream/{id}", "jobStream", plane_stream, WHO_OPERATOR, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { "POST", "/v2/{endpoint}/cancel/{id}", "cancelJob", plane_cancel, WHO_OPERATOR, NULL, COST_FREE, HTTP_NO_BODY,
      SMALL },
    { "POST", "/v2/{endpoint}/retry/{id}", "retryJob", plane_retry, WHO_OPERATOR, NULL, COST_FREE, HTTP_NO_BODY,
      SMALL },
    { "POST", "/v2/{endpoint}/purge-queue", "purgeQueue", plane_purge, WHO_OPERATOR, NULL, COST_FREE, HTTP_NO_BODY,
      SMALL },
    { "GET", "/v2/{endpoint}/health", "queueHealth", plane_health, WHO_OPERATOR, NULL, COST_FREE, HTTP_NO_BODY, 0 },

    { "GET", "/v2/{endpoint}/job-take/{worker}", "takeJob", plane_job_take, WHO_WORKER, NULL, COST_FREE, HTTP_NO_BODY,
      0 },
    { "POST", "/v2/{endpoint}/job-done/{worker}/{id}", "finishJob", plane_job_done, WHO_WORKER, NULL, COST_FREE,
      HTTP_BYTES, RESULT },
    { "GET", "/v2/{endpoint}/job-stop/{worker}", "jobsToStop", plane_job_stop, WHO_WORKER, NULL, COST_FREE,
      HTTP_NO_BODY, 0 },
    { "GET", "/v2/{endpoint}/ping/{worker}", "pingWorker", plane_ping, WHO_WORKER, NULL, COST_FREE, HTTP_NO_BODY, 0 },

    { "POST", "/v1/hooks/runpod/{job}/{token}", "runpodNews", runpod_news, 0, NULL, COST_INGEST, HTTP_UNREAD, RESULT },

    { "POST", "/v1/shopify/authorize", "authorizeShopify", shopify_authorize, WHO_SECRET, "keys", COST_WRITE, HTTP_JSON,
      SMALL },
    { "POST", "/v1/shopify/connect", "connectShopify", shopify_connect, WHO_SECRET, "keys", COST_WRITE, HTTP_JSON,
      SMALL },
    { "POST", "/v1/hooks/shopify", "shopifyNews", shopify_hook, 0, NULL, COST_INGEST, HTTP_BYTES, BATCH },

    { "GET", "/healthz", "health", healthz, 0, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { "GET", "/readyz", "readiness", readyz, 0, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { "GET", "/metrics", "metrics", metrics, WHO_METRICS, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { "GET", "/openapi.json", "openapi", openapi_json, 0, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { "GET", "/docs", "docs", docs_page, 0, NULL, COST_FREE, HTTP_NO_BODY, 0 },
    { 0 }
};

api *api_new(const api_config *c, db *d, blob_store *blobs, const job_handlers *handlers, jwt_verifier *jwt)
{
    json_scratch_begin();
    api *p = mem_new(1, sizeof *p);
    p->c = *c;
    p->d = d;
    p->blobs = blobs;
    p->handlers = handlers;
    p->jwt = jwt;
    p->plane = (job_plane){ .d = d, .blobs = blobs };
    p->buckets = buckets_new(12);
    p->known = known_new();
    p->events = together_new(d, events_write, 2000, db_is_far(d));
    p->tryons = together_new(d, tryons_write, TOGETHER_MOST, true);
    p->avatars = together_new(d, avatars_read, TOGETHER_MOST, false);
    p->stats = stats_new();
    return p;
}

void api_free(api *p)
{
    if (!p) return;
    buckets_free(p->buckets);
    known_free(p->known);
    together_free(p->events);
    together_free(p->tryons);
    together_free(p->avatars);
    stats_free(p->stats);
    mem_free(p);
}
