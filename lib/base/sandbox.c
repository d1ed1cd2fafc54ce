// Who forks whom, and why.
//
// The program has threads, big models in memory and secrets. Forking it for each photo would copy all of that into a
// process that is about to read hostile bytes (what a captured decoder can read, it can paint into the picture it
// returns), and the child would inherit whatever lock another thread held at that moment. So there is a spawner: a
// process forked once, before threads and secrets exist when the program calls sandbox_start first, that has one thread
// and does nothing but fork. Being a fork of the same program it knows every job by its address. (A spawner started
// late, by the first sandbox_run, is still sound: the C library makes its own locks usable after fork, and the spawner
// calls nothing else.)
//
//   caller --(task, descriptors)--> spawner --fork--> monitor --fork--> child (locked; or another program, exec'd)
//
// The monitor lives for one task: it waits for the child until the deadline, kills it if need be, reaps it and tells
// the caller how it ended. Only then does the caller look at the result: until it is reaped, a child could still write.
// The header of the result is read once, into a copy, and believed only as far as it can be checked.
#include "base/sandbox.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sandbox_lock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OUTPUT_AT = 4096,  // the job's bytes follow the header on the next page
    PROGRAM_INPUT = 3, // descriptors of an exec'd program
    PROGRAM_OUTPUT = 4,
    GRACE_MS = 10000,        // for a busy machine to fork and reap, beyond the child's own deadline
    EXIT_CANNOT_START = 125, // the child could not even be set up
};

// The first page of the output memory. The caller writes the first part before the child exists, the child the second.
typedef struct {
    uint64_t input_len, output_max, memory_max;
    uint32_t cpu_seconds, arg_len;
    _Alignas(16) uint8_t arg[SANDBOX_ARG_MAX];

    uint32_t done; // 0 until the job has returned
    uint32_t code; // err_code; ERR_NONE on success
    uint64_t output_len;
    char msg[sizeof((err *)0)->msg];
} shared_page;
_Static_assert(sizeof(shared_page) <= OUTPUT_AT, "the header fits its page");

// To the spawner, with three descriptors: input, output, reply.
typedef struct {
    sandbox_job *job;
    int32_t deadline_ms;
    char path[PATH_MAX]; // of the program to run instead of the job; empty: the job
} spawn_request;

// To the caller, when the child has been reaped.
typedef struct {
    int32_t timed_out, signal, exit_code;
} verdict;

static struct {
    pthread_mutex_t lock;
    int socket; // -1: not started
    pid_t pid;
} spawner = { PTHREAD_MUTEX_INITIALIZER, -1, 0 };

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i] >= 0) close(fds[i]);
        fds[i] = -1;
    }
}

// ---- the child ----

static const char *mapped(int fd, size_t len, int prot, int flags)
{
    void *p = mmap(NULL, len, prot, flags, fd, 0);
    return p == MAP_FAILED ? NULL : p;
}

// Maps the two files, locks the process, runs the job. Returns the exit code.
static int serve(int input_fd, int output_fd, sandbox_job *job, bool threads)
{
    struct stat st;
    if (fstat(output_fd, &st) != 0 || st.st_size < OUTPUT_AT) return EXIT_CANNOT_START;
    uint8_t *out = (uint8_t *)(uintptr_t)mapped(output_fd, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED);
    if (!out) return EXIT_CANNOT_START;
    shared_page *page = (shared_page *)out;
    size_t input_len = page->input_len;
    static const uint8_t no_bytes[1];
    const uint8_t *input = no_bytes;
    // Private, because a file sealed against writing refuses a shared mapping on older kernels.
    if (input_len) input = (const uint8_t *)mapped(input_fd, input_len, PROT_READ, MAP_PRIVATE);
    if (!input) return EXIT_CANNOT_START;

    err e = { 0 };
    size_t len = 0;
    bool ok = sandbox_lock(page->memory_max, page->cpu_seconds, threads, &e) &&
              job(input, input_len, page->arg, out + OUTPUT_AT, page->output_max, &len, &e);
    page->output_len = len;
    page->code = ok ? ERR_NONE : e.code ? e.code : ERR_INTERNAL;
    memcpy(page->msg, e.msg, sizeof page->msg);
    page->done = 1;
    return 0;
}

_Noreturn void sandbox_serve(sandbox_job *job, bool threads)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(serve(PROGRAM_INPUT, PROGRAM_OUTPUT, job,
                threads)); // no exit handlers: libraries would want more than we allow
}

static _Noreturn void exec_program(const char *path, int input_fd, int output_fd)
{
    // Both out of the way of their destinations first; dup2 then clears close-on-exec.
    int in = fcntl(input_fd, F_DUPFD_CLOEXEC, 16), out = fcntl(output_fd, F_DUPFD_CLOEXEC, 16);
    if (in < 0 || out < 0 || dup2(in, PROGRAM_INPUT) < 0 || dup2(out, PROGRAM_OUTPUT) < 0) _exit(EXIT_CANNOT_START);
    syscall(SYS_close_range, 5u, ~0u, 0u);
    char *const argv[] = { (char *)(uintptr_t)path, NULL };
    char *const envp[] = { NULL };
    execve(path, argv, envp);
    _exit(EXIT_CANNOT_START);
}

// ---- the monitor: one task, from fork to verdict ----

static _Noreturn void monitor(const spawn_request *r, int input_fd, int output_fd, int reply_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_DFL);
    pid_t self = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != self) _exit(EXIT_CANNOT_START);
        close(reply_fd);
        if (r->path[0]) exec_program(r->path, input_fd, output_fd);
        _exit(serve(input_fd, output_fd, r->job, false));
    }
    if (pid < 0) _exit(EXIT_CANNOT_START); // the caller sees the closed socket
    int child = (int)syscall(SYS_pidfd_open, pid, 0u);
    struct pollfd watch[2] = { { child, POLLIN, 0 }, { reply_fd, POLLIN, 0 } }; // POLLIN on reply_fd: the caller left
    verdict v = { 0 };
    int n = child < 0 ? -1 : poll(watch, 2, r->deadline_ms);
    if (n <= 0 || !watch[0].revents) {
        v.timed_out = n == 0;
        kill(pid, SIGKILL);
    }
    siginfo_t info = { 0 };
    while (waitid(P_PID, (id_t)pid, &info, WEXITED) != 0 && errno == EINTR) continue;
    if (info.si_code == CLD_EXITED)
        v.exit_code = info.si_status;
    else
        v.signal = info.si_status;
    _exit(send(reply_fd, &v, sizeof v, MSG_NOSIGNAL) == (ssize_t)sizeof v ? 0 : 1);
}

// ---- the spawner ----

// The environment holds passwords; nothing here needs any of it.
static void forget_environment(void)
{
    for (char **s = environ; s && *s; s++) memset(*s, 0, strlen(*s));
    environ = NULL;
}

static bool receive(int fd, spawn_request *r, int fds[3])
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control;
    struct iovec iov = { r, sizeof *r };
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };
    ssize_t n;
    do n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (n != (ssize_t)sizeof *r || !c || c->cmsg_len != CMSG_LEN(3 * sizeof(int))) return false;
    memcpy(fds, CMSG_DATA(c), 3 * sizeof(int));
    return true;
}

// Lives until the program's end of the socket is closed, that is, until the program ends, however it ends. A session of
// its own keeps the terminal's Ctrl-C away: the program may still want photos read while it shuts down.
static _Noreturn void spawner_main(int fd)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < 32; s++) signal(s, SIG_DFL); // the program's handlers are not ours (KILL and STOP stay)
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); // monitors are reaped by the kernel
    setsid();
    forget_environment();
    if (fd != 3) dup2(fd, 3), fd = 3;
    syscall(SYS_close_range, 4u, ~0u, 0u);
    // The three standard descriptors must be taken: a task's files would come to lie there, where a library may print.
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0) _exit(EXIT_CANNOT_START);
    if (fcntl(2, F_GETFD) < 0) dup2(null, 2);
    close(null);
    static spawn_request r;
    int fds[3];
    while (receive(fd, &r, fds)) {
        if (fork() == 0) {
            close(fd);
            monitor(&r, fds[0], fds[1], fds[2]);
        }
        close_all(fds, 3); // after a failed fork too: the caller sees its socket closed
    }
    _exit(0);
}

// With spawner.lock held.
static bool start_locked(err *e)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return fail(e, ERR_IO, "the locked reader cannot be started: %s", strerror(errno));
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        spawner_main(pair[1]);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return fail(e, ERR_IO, "the locked reader cannot be started: %s", strerror(errno));
    }
    spawner.socket = pair[0];
    spawner.pid = pid;
    return true;
}

bool sandbox_start(err *e)
{
    pthread_mutex_lock(&spawner.lock);
    bool ok = spawner.socket >= 0 || start_locked(e);
    pthread_mutex_unlock(&spawner.lock);
    return ok;
}

// ---- the caller ----

static bool send_request(int fd, const spawn_request *r, const int fds[3])
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(3 * sizeof(int))];
    } control = { 0 };
    struct iovec iov = { (void *)(uintptr_t)r, sizeof *r };
    struct msghdr m = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes
    };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(3 * sizeof(int));
    memcpy(CMSG_DATA(c), fds, 3 * sizeof(int));
    ssize_t n;
    do n = sendmsg(fd, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *r;
}

// Hands the request over; a spawner that died (the machine ran out of memory, say) is replaced once.
static bool dispatch(const spawn_request *r, const int fds[3], err *e)
{
    pthread_mutex_lock(&spawner.lock);
    bool ok = (spawner.socket >= 0 || start_locked(e));
    if (ok && !send_request(spawner.socket, r, fds)) {
        log_say(LOG_WARN, "the locked reader's spawner is gone; starting another");
        close(spawner.socket);
        spawner.socket = -1;
        kill(spawner.pid, SIGKILL); // whatever state it is in
        while (waitpid(spawner.pid, NULL, 0) < 0 && errno == EINTR) continue;
        ok = start_locked(e);
        if (ok && !send_request(spawner.socket, r, fds)) {
            ok = fail(e, ERR_IO, "the locked reader cannot be reached: %s", strerror(errno));
        }
    }
    pthread_mutex_unlock(&spawner.lock);
    return ok;
}

static bool write_at(int fd, const void *data, size_t n, off_t at)
{
    for (const uint8_t *p = data; n;) {
        ssize_t w = pwrite(fd, p, n, at);
        if (w < 0 && errno == EINTR) continue;
        if (w <= 0) return false;
        p += w, at += w, n -= (size_t)w;
    }
    return true;
}

static bool read_at(int fd, void *data, size_t n, off_t at)
{
    for (uint8_t *p = data; n;) {
        ssize_t r = pread(fd, p, n, at);
        if (r < 0 && errno == EINTR) continue;
        if (r <= 0) return false;
        p += r, at += r, n -= (size_t)r;
    }
    return true;
}

// The input, unchangeable; the output, of fixed size (its pages exist only once touched).
static bool make_files(const sandbox_task *t, int fds[2], err *e)
{
    fds[0] = memfd_create("sandbox-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    fds[1] = memfd_create("sandbox-output", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    shared_page page = { .input_len = t->input_len,
                         .output_max = t->output_max,
                         .memory_max = t->memory_max,
                         .cpu_seconds = t->cpu_seconds,
                         .arg_len = (uint32_t)t->arg_len };
    if (t->arg_len) memcpy(page.arg, t->arg, t->arg_len);
    bool ok = fds[0] >= 0 && fds[1] >= 0 && write_at(fds[0], t->input, t->input_len, 0) &&
              fcntl(fds[0], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0 &&
              ftruncate(fds[1], (off_t)(OUTPUT_AT + t->output_max)) == 0 &&
              fcntl(fds[1], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0 &&
              write_at(fds[1], &page, sizeof page, 0);
    return ok || fail(e, ERR_IO, "there is no memory to hand %s to the locked reader: %s", t->what, strerror(errno));
}

static bool await(int reply_fd, int deadline_ms, verdict *v)
{
    struct pollfd watch = { reply_fd, POLLIN, 0 };
    int n;
    do n = poll(&watch, 1, deadline_ms + GRACE_MS);
    while (n < 0 && errno == EINTR);
    return n == 1 && recv(reply_fd, v, sizeof *v, 0) == (ssize_t)sizeof *v;
}

static bool explain(const sandbox_task *t, const verdict *v, err *e)
{
    if (v->timed_out || v->signal == SIGXCPU || v->signal == SIGKILL) {
        return fail(e, ERR_INPUT, "%s takes too much time or memory to read: send a smaller or simpler copy", t->what);
    }
    if (v->signal == SIGSYS) {
        log_say(LOG_WARN, "%s made the locked reader try a forbidden system call", t->what);
        return fail(e, ERR_INPUT, "%s made its reader do what no reader needs to do: send another file", t->what);
    }
    if (v->signal) {
        log_say(LOG_WARN, "%s crashed the locked reader (signal %d)", t->what, v->signal);
        return fail(e, ERR_INPUT, "%s is damaged in a way that stops its reader: send another copy", t->what);
    }
    if (v->exit_code == EXIT_CANNOT_START) return fail(e, ERR_INTERNAL, "the locked reader cannot be set up");
    log_say(LOG_WARN, "%s ended the locked reader (exit %d)", t->what, v->exit_code);
    return fail(e, ERR_INPUT, "%s is damaged in a way that stops its reader: send another copy", t->what);
}

// The child's own words: a captured child may have written anything, so only plain text and four codes pass.
static bool pass_on(shared_page *page, err *e)
{
    page->msg[sizeof page->msg - 1] = 0;
    for (char *s = page->msg; *s; s++) {
        if ((unsigned char)*s < 32 || *s == 127) *s = '?';
    }
    bool known = page->code == ERR_INPUT || page->code == ERR_LIMIT || page->code == ERR_MEMORY;
    return fail(e, known ? (err_code)page->code : ERR_INTERNAL, "%s", page->msg);
}

static bool read_result(const sandbox_task *t, int output_fd, uint8_t **output, size_t *output_len, err *e)
{
    shared_page page;
    if (!read_at(output_fd, &page, sizeof page, 0)) return fail(e, ERR_IO, "the reader's result cannot be read");
    if (page.done != 1) return fail(e, ERR_INPUT, "%s is damaged in a way that stops its reader", t->what);
    if (page.code != ERR_NONE) return pass_on(&page, e);
    if (page.output_len > t->output_max)
        return fail(e, ERR_INPUT, "%s made its reader lie: send another file", t->what);
    size_t len = (size_t)page.output_len;
    uint8_t *copy = mem_try(len, 1);
    if (!copy) return fail(e, ERR_MEMORY, "there is no memory for the content of %s", t->what);
    if (!read_at(output_fd, copy, len, OUTPUT_AT)) {
        mem_free(copy);
        return fail(e, ERR_IO, "the reader's result cannot be read");
    }
    *output = copy;
    *output_len = len;
    return true;
}

static bool run(const sandbox_task *t, const spawn_request *r, uint8_t **output, size_t *output_len, err *e)
{
    assert(t->arg_len <= SANDBOX_ARG_MAX && t->cpu_seconds > 0 && t->what);
    int fds[3] = { -1, -1, -1 }, pair[2] = { -1, -1 };
    bool ok = make_files(t, fds, e);
    if (ok && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        ok = fail(e, ERR_IO, "the locked reader cannot be asked: %s", strerror(errno));
    }
    fds[2] = pair[1];
    ok = ok && dispatch(r, fds, e);
    if (fds[2] >= 0) close(fds[2]), fds[2] = -1; // so that a dead monitor closes the socket
    if (ok) {
        verdict v = { 0 };
        if (!await(pair[0], r->deadline_ms, &v))
            ok = fail(e, ERR_IO, "the locked reader went away while reading %s: try again", t->what);
        else if (v.timed_out || v.signal || v.exit_code)
            ok = explain(t, &v, e);
        else
            ok = read_result(t, fds[1], output, output_len, e);
    }
    close_all(fds, 3);
    close_all(pair, 1);
    return ok;
}

static int deadline_of(const sandbox_task *t) { return (int)(t->cpu_seconds * 4000); }

bool sandbox_run(const sandbox_task *t, sandbox_job *job, uint8_t **output, size_t *output_len, err *e)
{
    spawn_request r = { .job = job, .deadline_ms = deadline_of(t) };
    return run(t, &r, output, output_len, e);
}

bool sandbox_run_program(const sandbox_task *t, const char *path, uint8_t **output, size_t *output_len, err *e)
{
    spawn_request r = { .deadline_ms = deadline_of(t) };
    int n = snprintf(r.path, sizeof r.path, "%s", path);
    if (n <= 0 || (size_t)n >= sizeof r.path) return fail(e, ERR_INTERNAL, "the reader's path is empty or too long");
    return run(t, &r, output, output_len, e);
}
