// Jobs done at RunPod: this server takes them from its own queue as any worker would, hands them to an endpoint there
// with signed links, and watches them until they end. While RunPod does not take or finish them, they go back to the
// queue and the workers beside are let loose.
#pragma once
#include "jobs/plane.h"

#include <stdatomic.h>

typedef struct {
    job_plane plane;                           // its link_base is the address RunPod's workers reach us by
    const char *queue;                         // ours
    const char *base;                          // "https://api.runpod.ai/v2"
    const char *endpoint;                      // there
    const char *key;                           // its API key
    const char *public_url;                    // where webhooks come to; NULL: only polling
    const char *secret;                        // of the webhooks' tokens
    int at_once;                               // jobs there at the same time; 0: twenty
    int64_t queue_ms;                          // how long one may wait for a worker there; 0: two minutes
    int64_t rest_ms;                           // after a failure, how long the others work alone; 0: thirty seconds
    atomic_bool *stopping;                     // true: nothing more is given
    void (*ended)(void *ctx, const char *job); // told of each job that came to its end there; may be NULL
    void *ended_ctx;
    atomic_bool *hold; // true while RunPod does the work: the workers beside wait
} cloud_config;

typedef struct cloud cloud;
bool cloud_start(const cloud_config *c, cloud **out, err *e) MUST_USE;
// Calls off what is there, puts it back into the queue, and ends. NULL is fine.
void cloud_stop(cloud *c);
// RunPod says that something happened to this job. The token is what the webhook's address carries; the news is only a
// reason to ask. False: the token is wrong.
bool cloud_news(cloud *c, const char *job, const char *token);
