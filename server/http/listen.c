#include "http/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool listen_on(const char *where, int *out, unsigned *port, err *e)
{
    const char *colon = strrchr(where, ':');
    if (!colon) return fail(e, ERR_INPUT, "listen: \"%s\" is not ADDR:PORT", where);
    char host[64];
    snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
    char *end;
    long p = strtol(colon + 1, &end, 10);
    if (*end || end == colon + 1 || p < 0 || p > 65535)
        return fail(e, ERR_INPUT, "listen: \"%s\" has no proper port", where);
    struct sockaddr_storage sa = { 0 };
    socklen_t len;
    struct sockaddr_in *v4 = (void *)&sa;
    struct sockaddr_in6 *v6 = (void *)&sa;
    if (host[0] == '[') {
        host[strcspn(host, "]")] = 0;
        memmove(host, host + 1, strlen(host));
    }
    if (!*host || !strcmp(host, "*")) snprintf(host, sizeof host, "0.0.0.0");
    if (!strcmp(host, "localhost")) snprintf(host, sizeof host, "127.0.0.1");
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)p);
        len = sizeof *v4;
    } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)p);
        len = sizeof *v6;
    } else {
        return fail(e, ERR_INPUT, "listen: \"%s\" is not an address of this machine", host);
    }
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(e, ERR_IO, "listen: %s", strerror(errno));
    int one_ = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one_, sizeof one_);
    if (bind(fd, (struct sockaddr *)&sa, len) || listen(fd, 1024)) {
        fail(e, ERR_IO, "cannot listen on %s: %s", where, strerror(errno));
        close(fd);
        return false;
    }
    len = sizeof sa;
    getsockname(fd, (struct sockaddr *)&sa, &len);
    *port = ntohs(sa.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
    *out = fd;
    return true;
}
