// Counters for /metrics and the cache of brands' origins: the only state a running instance keeps beside its stores.
#pragma once
#include "api/api.h"

struct api_stats *stats_new(void);
void stats_free(struct api_stats *s);
void stats_count(struct api_stats *s, const http_request *q, int status, int64_t micros);
bool stats_print(api *p, buf *out);
bool stats_origin_known(api *p, const char *origin);
