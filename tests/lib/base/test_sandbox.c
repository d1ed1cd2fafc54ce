#include "../../../lib/base/sandbox.c" // to reach the spawner's process id
#include "test.h"

#include <time.h>

// A sanitizer's allocator ends the process by default where malloc would return NULL.
#define SEEN_BY_SANITIZER __attribute__((visibility("default")))
SEEN_BY_SANITIZER const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }
SEEN_BY_SANITIZER const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "allocator_may_return_null=1"; }

static const uint8_t hello[] = "hello";

static sandbox_task task(void)
{
    return (sandbox_task){ .what = "the photo",
                           .input = hello,
                           .input_len = 5,
                           .output_max = 1000,
                           .memory_max = (size_t)1 << 30,
                           .cpu_seconds = 10 };
}

// Runs a job that must not succeed and returns its error.
static err refusal(const sandbox_task *t, sandbox_job *job)
{
    err e = { 0 };
    uint8_t *out = NULL;
    size_t len = 0;
    CHECK(!sandbox_run(t, job, &out, &len, &e));
    CHECK(out == NULL && len == 0);
    return e;
}

#define JOB(name)                                                                                                      \
    static bool name(const uint8_t *input, size_t input_len, const void *arg, uint8_t *output, size_t output_max,      \
                     size_t *output_len, err *e)
#define UNUSED (void)input, (void)input_len, (void)arg, (void)output, (void)output_max, (void)output_len, (void)e

JOB(reverse)
{
    (void)output_max, (void)e, (void)arg;
    for (size_t i = 0; i < input_len; i++) output[i] = input[input_len - 1 - i];
    *output_len = input_len;
    return true;
}

static void a_result_comes_back(void)
{
    sandbox_task t = task();
    err e = { 0 };
    uint8_t *out = NULL;
    size_t len = 0;
    CHECK(sandbox_run(&t, reverse, &out, &len, &e));
    CHECK(len == 5 && memcmp(out, "olleh", 5) == 0);
    mem_free(out);
}

JOB(repeat_arg)
{
    (void)input, (void)input_len, (void)output_max, (void)e;
    memcpy(output, arg, SANDBOX_ARG_MAX);
    *output_len = SANDBOX_ARG_MAX;
    return true;
}

static void settings_reach_the_job_and_the_input_may_be_empty(void)
{
    uint8_t arg[SANDBOX_ARG_MAX];
    for (int i = 0; i < SANDBOX_ARG_MAX; i++) arg[i] = (uint8_t)(i * 7);
    sandbox_task t = task();
    t.input = NULL, t.input_len = 0, t.arg = arg, t.arg_len = sizeof arg;
    err e = { 0 };
    uint8_t *out = NULL;
    size_t len = 0;
    CHECK(sandbox_run(&t, repeat_arg, &out, &len, &e));
    CHECK(len == sizeof arg && memcmp(out, arg, sizeof arg) == 0);
    mem_free(out);
}

JOB(complain)
{
    UNUSED;
    return fail(e, ERR_LIMIT, "the photo shows %d people", 3);
}

static void an_error_sentence_travels_back(void)
{
    sandbox_task t = task();
    err e = refusal(&t, complain);
    CHECK(e.code == ERR_LIMIT);
    CHECK_STR(e.msg, "the photo shows 3 people");
}

JOB(lie_about_length)
{
    UNUSED;
    *output_len = output_max + 1;
    return true;
}

JOB(swear)
{
    UNUSED;
    e->code = (err_code)4711;
    memset(e->msg, '\n', sizeof e->msg);
    return false;
}

static void a_child_that_lies_is_not_believed(void)
{
    sandbox_task t = task();
    CHECK(refusal(&t, lie_about_length).code == ERR_INPUT);
    err e = refusal(&t, swear);
    CHECK(e.code == ERR_INTERNAL && strlen(e.msg) == sizeof e.msg - 1 && e.msg[0] == '?');
}

JOB(open_a_file)
{
    UNUSED;
    int fd = open("/etc/passwd", O_RDONLY);
    return fail(e, ERR_INPUT, "open returned %d", fd);
}

JOB(execute)
{
    UNUSED;
    char *const none[] = { NULL };
    execve("/bin/true", none, none);
    return fail(e, ERR_INPUT, "execve returned");
}

JOB(call_home)
{
    UNUSED;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fail(e, ERR_INPUT, "socket returned %d", fd);
}

JOB(signal_the_parent)
{
    UNUSED;
    int rc = kill(getppid(), SIGTERM);
    return fail(e, ERR_INPUT, "kill returned %d", rc);
}

JOB(split_in_two)
{
    UNUSED;
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return fail(e, ERR_INPUT, "fork returned");
}

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_log[200];
static void remember(void *ctx, log_level level, const char *text)
{
    (void)ctx, (void)level;
    pthread_mutex_lock(&log_lock);
    snprintf(last_log, sizeof last_log, "%s", text);
    pthread_mutex_unlock(&log_lock);
}

static void a_forbidden_system_call_kills_the_child(void)
{
    sandbox_job *jobs[] = { open_a_file, execute, call_home, signal_the_parent, split_in_two };
    for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
        sandbox_task t = task();
        last_log[0] = 0;
        err e = refusal(&t, jobs[i]);
        CHECK(e.code == ERR_INPUT);
        CHECK_STR(e.msg, "the photo made its reader do what no reader needs to do: send another file");
        CHECK_STR(last_log, "the photo made the locked reader try a forbidden system call");
    }
}

JOB(hoard)
{
    UNUSED;
    uint8_t *p = mem_try((size_t)3 << 30, 1);
    if (!p) return fail(e, ERR_MEMORY, "refused");
    p[0] = p[(size_t)2 << 30] = 1;
    return fail(e, ERR_INPUT, "3 GiB granted at %p", (void *)p);
}

static void three_gigabytes_are_refused(void)
{
    sandbox_task t = task();
    err e = refusal(&t, hoard);
    CHECK(e.code == ERR_MEMORY);
    CHECK_STR(e.msg, "refused");
}

JOB(loop_for_ever)
{
    UNUSED;
    volatile bool for_ever = true;
    while (for_ever) continue;
    return true;
}

// Waits without using any CPU, so that only the deadline can end it. poll is not allowed; a futex is.
JOB(sleep_for_ever)
{
    UNUSED;
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&m);
    return true;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void an_endless_loop_is_killed_by_its_cpu_time(void)
{
    sandbox_task t = task();
    t.cpu_seconds = 1;
    double start = seconds();
    err e = refusal(&t, loop_for_ever);
    CHECK(e.code == ERR_INPUT);
    CHECK_STR(e.msg, "the photo takes too much time or memory to read: send a smaller or simpler copy");
    // At the latest after four times the CPU seconds; 3 s more for a busy machine to notice.
    CHECK(seconds() - start < 7);
}

static void an_endless_wait_is_killed_at_the_deadline(void)
{
    sandbox_task t = task();
    t.cpu_seconds = 1;
    double start = seconds();
    err e = refusal(&t, sleep_for_ever);
    CHECK(e.code == ERR_INPUT);
    CHECK_STR(e.msg, "the photo takes too much time or memory to read: send a smaller or simpler copy");
    CHECK(seconds() - start >= 4 && seconds() - start < 7);
}

JOB(crash)
{
    UNUSED;
    abort();
}

static void a_crash_is_a_damaged_photo(void)
{
    sandbox_task t = task();
    err e = refusal(&t, crash);
    CHECK(e.code == ERR_INPUT);
    CHECK_STR(e.msg, "the photo is damaged in a way that stops its reader: send another copy");
}

JOB(count_environment)
{
    UNUSED;
    extern char **environ;
    *output_len = 1;
    output[0] = environ && environ[0] && environ[0][0] ? 1 : 0;
    return true;
}

static void a_job_sees_no_environment(void)
{
    sandbox_task t = task();
    err e = { 0 };
    uint8_t *out = NULL;
    size_t len = 0;
    CHECK(sandbox_run(&t, count_environment, &out, &len, &e));
    CHECK(len == 1 && out[0] == 0);
    mem_free(out);
}

static void *many(void *ctx)
{
    size_t *good = ctx;
    for (int i = 0; i < 20; i++) {
        sandbox_task t = task();
        err e = { 0 };
        uint8_t *out = NULL;
        size_t len = 0;
        if (i % 4 == 3) {
            *good += !sandbox_run(&t, open_a_file, &out, &len, &e) && e.code == ERR_INPUT;
        } else {
            *good += sandbox_run(&t, reverse, &out, &len, &e) && len == 5 && memcmp(out, "olleh", 5) == 0;
        }
        mem_free(out);
    }
    return NULL;
}

static void threads_may_run_jobs_at_the_same_time(void)
{
    pthread_t threads[4];
    size_t good[4] = { 0 };
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, many, &good[i]) == 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) CHECK(good[i] == 20);
}

static void no_descriptor_and_no_child_is_left_behind(void)
{
    int before = dup(0);
    close(before);
    sandbox_task t = task();
    for (int i = 0; i < 10; i++) {
        err e = { 0 };
        uint8_t *out = NULL;
        size_t len = 0;
        CHECK(sandbox_run(&t, reverse, &out, &len, &e));
        mem_free(out);
        (void)refusal(&t, complain);
    }
    int after = dup(0); // the lowest free number is the same again
    close(after);
    CHECK(before == after);
}

static void a_spawner_that_died_is_replaced(void)
{
    pid_t old = spawner.pid;
    kill(old, SIGKILL);
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)old, &info, WEXITED | WNOWAIT) == 0);
    sandbox_task t = task();
    err e = { 0 };
    uint8_t *out = NULL;
    size_t len = 0;
    CHECK(sandbox_run(&t, reverse, &out, &len, &e));
    CHECK(len == 5 && spawner.pid != old);
    mem_free(out);
}

static void a_program_that_is_not_there_is_our_own_fault(void)
{
    sandbox_task t = task();
    err e = { 0 };
    uint8_t *out = NULL;
    size_t len = 0;
    CHECK(!sandbox_run_program(&t, "/nowhere/tryon-heic", &out, &len, &e));
    CHECK(e.code == ERR_INTERNAL);
}

int main(void)
{
    log_set_sink(remember, NULL);
    err e = { 0 };
    CHECK(sandbox_start(&e));
    RUN(a_result_comes_back);
    RUN(settings_reach_the_job_and_the_input_may_be_empty);
    RUN(an_error_sentence_travels_back);
    RUN(a_child_that_lies_is_not_believed);
    RUN(a_forbidden_system_call_kills_the_child);
    RUN(three_gigabytes_are_refused);
    RUN(an_endless_loop_is_killed_by_its_cpu_time);
    RUN(an_endless_wait_is_killed_at_the_deadline);
    RUN(a_crash_is_a_damaged_photo);
    RUN(a_job_sees_no_environment);
    RUN(threads_may_run_jobs_at_the_same_time);
    RUN(no_descriptor_and_no_child_is_left_behind);
    RUN(a_spawner_that_died_is_replaced);
    RUN(a_program_that_is_not_there_is_our_own_fault);
    printf("%d passed, %d failed\n", test_passed, test_failed);
    return test_failed != 0;
}
