// What the programs that measure the service share: temporary folders, a private PostgreSQL, processor time of others.
#pragma once
#include <stdbool.h>

void servers_die(const char *program, const char *what, const char *why) __attribute__((noreturn));
bool servers_can_run(const char *command); // silently, with status 0
void servers_folder(char out[64]);
void servers_remove(const char *folder);

// Runs this program again with --postgres and the arguments (NULL last) inside tests/server/postgres.sh: true for 0.
bool servers_under_postgres(const char *const *arguments);

// Seconds of processor time a process has used, user and kernel, and children that it has waited for; 0 when it is
// gone.
double servers_cpu(int pid, int *parent);
// Of all processes of the PostgreSQL of postgres.sh; 0 without one.
double servers_database_cpu(void);
