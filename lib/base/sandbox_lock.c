// Four fences, so that a hole in one is not a way out: resource limits (getrlimit(2)), no new privileges, an empty
// Landlock ruleset (landlock(7)) where the kernel has it, and a seccomp filter (libseccomp) that kills on any call not
// named here. The filter alone must succeed; a kernel without Landlock is tolerated.
//
// Under a sanitizer the address-space limit is left out, because its shadow memory alone takes terabytes; the filter
// still refuses any single mapping larger than the limit, so that one huge allocation fails there as it does in
// production. Its runtime also needs a few calls of its own to work, and standard error for its report.
#include "base/sandbox_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sched.h>
#include <seccomp.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool set_limit(int resource, rlim_t soft, rlim_t hard, err *e)
{
    struct rlimit limit = { soft, hard }, now;
    // Never above what the machine's owner allows.
    if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && now.rlim_max < hard) {
        limit.rlim_max = now.rlim_max;
        if (limit.rlim_cur > now.rlim_max) limit.rlim_cur = now.rlim_max;
    }
    if (setrlimit((__rlimit_resource_t)resource, &limit) == 0) return true;
    return fail(e, ERR_INTERNAL, "the locked reader cannot limit itself: %s", strerror(errno));
}

// Address space already in use, in bytes: RLIMIT_AS counts it too.
static size_t address_space(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) close(fd);
    size_t pages = 0;
    for (const char *p = text; n > 0 && *p >= '0' && *p <= '9'; p++) pages = pages * 10 + (size_t)(*p - '0');
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static bool limit_resources(size_t address_max, unsigned cpu_seconds, err *e)
{
    bool memory = SANITIZED || set_limit(RLIMIT_AS, address_max, address_max, e);
    return memory && set_limit(RLIMIT_CPU, cpu_seconds, cpu_seconds + 1, e) && set_limit(RLIMIT_CORE, 0, 0, e) &&
           set_limit(RLIMIT_FSIZE, 0, 0, e) && set_limit(RLIMIT_NOFILE, 0, 0, e);
}

// Handles every right of file and network the running kernel knows and grants none. The numbers are those of
// linux/landlock.h; an older system's header lacks the newer ones.
static void forbid_paths(void)
{
#ifdef SYS_landlock_create_ruleset
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u /* LANDLOCK_CREATE_RULESET_VERSION */);
    if (abi < 1) return; // no Landlock here: the filter refuses every open anyway
    struct {
        uint64_t fs, net;
    } handled = { .fs = 0x1fff };
    if (abi >= 2) handled.fs |= 1u << 13; // refer
    if (abi >= 3) handled.fs |= 1u << 14; // truncate
    if (abi >= 4) handled.net = 3;        // bind, connect
    size_t size = abi >= 4 ? sizeof handled : sizeof handled.fs;
    long fd = syscall(SYS_landlock_create_ruleset, &handled, size, 0u);
    if (fd < 0) return;
    syscall(SYS_landlock_restrict_self, (int)fd, 0u);
    close((int)fd);
#endif
}

// Gathers rules; the first one that cannot be added is the filter's error.
typedef struct {
    scmp_filter_ctx ctx;
    int bad; // 0 or a negative errno
} filter;

static void allow(filter *f, const int *calls, size_t n)
{
    for (size_t i = 0; i < n && f->bad == 0; i++) f->bad = seccomp_rule_add(f->ctx, SCMP_ACT_ALLOW, calls[i], 0);
}
#define ALLOW(f, calls) allow((f), (calls), sizeof(calls) / sizeof *(calls))

static struct scmp_arg_cmp when(unsigned arg, enum scmp_compare op, uint64_t a, uint64_t b)
{
    return (struct scmp_arg_cmp){ .arg = arg, .op = op, .datum_a = a, .datum_b = b };
}

static void rule(filter *f, uint32_t action, int call, unsigned n, const struct scmp_arg_cmp *conditions)
{
    if (f->bad == 0) f->bad = seccomp_rule_add_array(f->ctx, action, call, n, conditions);
}

// Memory comes and goes, but never executable, never a file, never in one piece larger than memory_max.
static void allow_memory(filter *f, uint64_t memory_max)
{
    static const int calls[] = { SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(madvise) };
    ALLOW(f, calls);
    const struct scmp_arg_cmp map[] = { when(1, SCMP_CMP_LE, memory_max, 0), when(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                        when(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS) };
    const struct scmp_arg_cmp map_too_large[] = { when(1, SCMP_CMP_GT, memory_max, 0) };
    const struct scmp_arg_cmp remap[] = { when(2, SCMP_CMP_LE, memory_max, 0) };
    const struct scmp_arg_cmp remap_too_large[] = { when(2, SCMP_CMP_GT, memory_max, 0) };
    const struct scmp_arg_cmp protect[] = { when(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) };
    rule(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 3, map);
    rule(f, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(mmap), 1, map_too_large);
    rule(f, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 1, remap);
    rule(f, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(mremap), 1, remap_too_large);
    rule(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, protect);
}

// abort() and a failed assert send a signal; they may send it to this process only.
static void allow_abort(filter *f)
{
    static const int calls[] = { SCMP_SYS(rt_sigprocmask), SCMP_SYS(gettid), SCMP_SYS(getpid) };
    ALLOW(f, calls);
    const struct scmp_arg_cmp self[] = { when(0, SCMP_CMP_EQ, (uint64_t)getpid(), 0) };
    rule(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, self);
}

// clone only as pthread_create calls it; clone3 hides its flags in memory, where a filter cannot look, so the C library
// is told that it does not exist and falls back to clone.
static void allow_threads(filter *f)
{
    static const int calls[] = { SCMP_SYS(set_robust_list),   SCMP_SYS(rseq),        SCMP_SYS(rt_sigaction),
                                 SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(clock_nanosleep) };
    ALLOW(f, calls);
    const struct scmp_arg_cmp thread[] = { when(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) };
    const struct scmp_arg_cmp name[] = { when(0, SCMP_CMP_EQ, PR_SET_NAME, 0) };
    rule(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);
    rule(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
    rule(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, name);
}

static bool filter_calls(size_t memory_max, bool threads, err *e)
{
    static const int calls[] = { SCMP_SYS(read),         SCMP_SYS(write),         SCMP_SYS(futex),
                                 SCMP_SYS(exit),         SCMP_SYS(exit_group),    SCMP_SYS(getrandom),
                                 SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(restart_syscall) };
    static const int sanitizer_calls[] = { SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction),   SCMP_SYS(sched_yield),
                                           SCMP_SYS(getrlimit),   SCMP_SYS(prlimit64),      SCMP_SYS(gettimeofday),
                                           SCMP_SYS(nanosleep),   SCMP_SYS(clock_nanosleep) };
    filter f = { .ctx = seccomp_init(SCMP_ACT_KILL_PROCESS) };
    if (!f.ctx) return fail(e, ERR_INTERNAL, "the locked reader cannot make its system-call filter");
    ALLOW(&f, calls);
    allow_memory(&f, memory_max);
    allow_abort(&f);
    if (threads) allow_threads(&f);
    if (SANITIZED) ALLOW(&f, sanitizer_calls);
    if (f.bad == 0) f.bad = seccomp_load(f.ctx);
    seccomp_release(f.ctx); // plain memory: the filter that now holds lets it go
    if (f.bad == 0) return true;
    return fail(e, ERR_INTERNAL, "the locked reader cannot lock itself (%s): this kernel must offer seccomp filters",
                strerror(-f.bad));
}

bool sandbox_lock(size_t memory_max, unsigned cpu_seconds, bool threads, err *e)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return fail(e, ERR_INTERNAL, "the locked reader cannot give up its privileges: %s", strerror(errno));
    }
    size_t already = address_space();
    if (already == 0) return fail(e, ERR_INTERNAL, "the locked reader needs /proc to know its own size");
    forbid_paths();
    close(0), close(1);
    syscall(SYS_close_range, SANITIZED ? 3u : 2u, ~0u, 0u);
    return limit_resources(already + memory_max, cpu_seconds, e) && filter_calls(memory_max, threads, e);
}
