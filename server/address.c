/* SPDX-License-Identifier: MIT */
/*
 * address.c -- numeric addresses only: a server should not listen where a name server says.
 */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool parse_port(const char *text, in_port_t *port) {
    const size_t size = strspn(text, "0123456789");
    const unsigned long value = size > 0 && size < 6 ? strtoul(text, NULL, 10) : 65536;

    if (text[size] != '\0' || value > 65535) {
        return false;
    }
    *port = htons((uint16_t)value);
    return true;
}

bool address_parse(const char *text, struct address *address) {
    struct sockaddr_in *four = (struct sockaddr_in *)&address->socket;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->socket;
    const char *colon = strrchr(text, ':');
    char host[ADDRESS_TEXT];
    size_t size;

    memset(address, 0, sizeof *address);
    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof host) {
        return false;
    }
    size = (size_t)(colon - text);
    memcpy(host, text, size);
    host[size] = '\0';
    if (host[0] == '[' && host[size - 1] == ']') {
        host[size - 1] = '\0';
        six->sin6_family = AF_INET6;
        address->size = sizeof *six;
        return inet_pton(AF_INET6, host + 1, &six->sin6_addr) == 1 &&
               parse_port(colon + 1, &six->sin6_port);
    }
    four->sin_family = AF_INET;
    address->size = sizeof *four;
    return inet_pton(
               AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &four->sin_addr
           ) == 1 &&
           parse_port(colon + 1, &four->sin_port);
}

bool address_is_loopback(const struct address *address) {
    if (address->socket.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address->socket;

        return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    }
    return ntohl(((const struct sockaddr_in *)&address->socket)->sin_addr.s_addr) >> 24 == 127;
}

static int bind_socket(const struct address *address, bool share) {
    const int on = 1;
    const int file =
        socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    if (file < 0) {
        return -1;
    }
    if (setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!share || setsockopt(file, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        bind(file, (const struct sockaddr *)&address->socket, address->size) == 0) {
        return file;
    }
    error = errno;
    close(file);
    errno = error;
    return -1;
}

bool address_is_free(const struct address *address) {
    const int file = bind_socket(address, false);

    if (file < 0) {
        return false;
    }
    close(file);
    return true;
}

int address_bind(const struct address *address) {
    return bind_socket(address, true);
}

bool address_of(int socket, struct address *address) {
    memset(address, 0, sizeof *address);
    address->size = sizeof address->socket;
    return getsockname(socket, (struct sockaddr *)&address->socket, &address->size) == 0;
}

void address_write(const struct address *address, char text[ADDRESS_TEXT]) {
    char host[INET6_ADDRSTRLEN] = "?";

    if (address->socket.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address->socket;

        (void)inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        (void)snprintf(text, ADDRESS_TEXT, "[%s]:%u", host, ntohs(six->sin6_port));
    } else {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&address->socket;

        (void)inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
        (void)snprintf(text, ADDRESS_TEXT, "%s:%u", host, ntohs(four->sin_port));
    }
}
