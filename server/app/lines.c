#include "app/lines.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 32 << 10 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stop;
    size_t len;
    char text[ROOM];
} lines = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

// A log that cannot be written cannot say so either: it goes without.
static void put(const char *text, size_t n)
{
    while (n) {
        ssize_t done = write(STDERR_FILENO, text, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return;
        text += done;
        n -= (size_t)done;
    }
}

static void flush(void) // under the lock
{
    put(lines.text, lines.len);
    lines.len = 0;
}

static void *work(void *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&lines.lock);
    while (!lines.stop) {
        if (!lines.len) {
            pthread_cond_wait(&lines.wake, &lines.lock);
            continue;
        }
        pthread_mutex_unlock(&lines.lock);
        nanosleep(&(struct timespec){ .tv_nsec = LINES_MS * 1000000L }, NULL);
        pthread_mutex_lock(&lines.lock);
        flush();
    }
    pthread_mutex_unlock(&lines.lock);
    return NULL;
}

void lines_start(void) { lines.started = pthread_create(&lines.thread, NULL, work, NULL) == 0; }

void lines_stop(void)
{
    if (!lines.started) return;
    pthread_mutex_lock(&lines.lock);
    lines.stop = true;
    pthread_cond_signal(&lines.wake);
    pthread_mutex_unlock(&lines.lock);
    pthread_join(lines.thread, NULL);
    flush();
    lines.started = lines.stop = false;
}

void lines_say(const char *text, bool may_wait)
{
    size_t n = strlen(text);
    pthread_mutex_lock(&lines.lock);
    if (n + 1 > ROOM - lines.len) flush();
    if (n + 1 <= ROOM) {
        if (!lines.len && may_wait) pthread_cond_signal(&lines.wake);
        memcpy(lines.text + lines.len, text, n);
        lines.text[lines.len + n] = '\n';
        lines.len += n + 1;
    } else {
        put(text, n);
        put("\n", 1);
    }
    if (!may_wait || !lines.started) flush();
    pthread_mutex_unlock(&lines.lock);
}
