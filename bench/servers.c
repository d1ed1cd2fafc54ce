#include "servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void servers_die(const char *program, const char *what, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", program, what, why);
    exit(1);
}

bool servers_can_run(const char *command)
{
    pid_t pid = fork();
    int status = 1;
    if (!pid) {
        if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(127);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void servers_folder(char out[64])
{
    snprintf(out, 64, "/tmp/tryon-bench-XXXXXX");
    if (!mkdtemp(out)) servers_die("bench", "folder", "cannot be made");
}

void servers_remove(const char *folder)
{
    pid_t pid = fork();
    if (!pid) {
        execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
}

bool servers_under_postgres(const char *const *arguments)
{
    enum { MOST = 16 };
    char self[512] = "";
    const char *argv[MOST] = { "postgres.sh", self, "--postgres" };
    int n = 3, status = 1;
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 1) servers_die("bench", "program", "where is it?");
    for (; *arguments && n < MOST - 1; arguments++) argv[n++] = *arguments;
    pid_t pid = fork();
    if (!pid) {
        execv(SOURCE_ROOT "/tests/server/postgres.sh", (char *const *)argv);
        _exit(127);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

double servers_cpu(int pid, int *parent)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = 0;
    const char *p = strrchr(line, ')'); // the name may hold anything
    long v[4] = { 0 };
    int up = 0;
    if (!p ||
        sscanf(p + 2, "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld", &up, v, v + 1, v + 2, v + 3) != 5)
        return 0;
    if (parent) *parent = up;
    return (double)(v[0] + v[1] + v[2] + v[3]) / (double)sysconf(_SC_CLK_TCK);
}

double servers_database_cpu(void)
{
    const char *data = getenv("TRYON_TEST_PG_DATA");
    char path[300];
    int boss = 0, up = 0;
    if (!data) return 0;
    snprintf(path, sizeof path, "%s/postmaster.pid", data);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%d", &boss) != 1) boss = 0;
    if (f) fclose(f);
    double sum = boss ? servers_cpu(boss, NULL) : 0;
    for (int pid = boss + 1; boss && pid < boss + 20000; pid++) {
        double own = servers_cpu(pid, &up);
        if (own > 0 && up == boss) sum += own;
    }
    return sum;
}
