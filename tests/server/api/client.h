// A client for the tests: starts the server as a process, speaks to it, and checks every answer against the OpenAPI
// description.
#pragma once
#include "base/buf.h"

#include <jansson.h>

typedef struct {
    int status;
    json_t *json; // of the last answer, or NULL; belongs to the client
    char *text;   // the same as bytes, zero-ended
    size_t len;
    char etag[128], location[1024];
} answer;

// data: a folder (made); environment like TRYON_TEST_DATABASE_URL is passed on. Returns the process id.
int server_start(const char *data, int workers);
void server_stop(int pid, int signal);
// Runs a program to its end (path first, NULL last); *out has what it printed. True when it ended with 0.
bool run_program(const char *const *argv, buf *out);
// A brand made by the program itself: its keys, as JSON. Decref it.
json_t *make_brand_of(const char *data, const char *name, const char *origin);
extern char server_url[64];

extern int schema_faults; // answers that the description does not allow
// token: for Authorization, or NULL. extra: one more header line, or NULL. body NULL: none.
const answer *ask(const char *method, const char *path, const char *token, const char *type, const void *body, size_t n,
                  const char *extra);
const answer *get(const char *path, const char *token);
const answer *send_json(const char *method, const char *path, const char *token, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
const char *text_of(const answer *a, const char *key);           // a copy that lives on, "" when absent
const answer *wait_ready(const char *avatar, const char *token); // until ready or failed, at most ten seconds
