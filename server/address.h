/* SPDX-License-Identifier: MIT */
/*
 * address.h -- where the server listens.
 */
#ifndef MLSERVE_SERVER_ADDRESS_H
#define MLSERVE_SERVER_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT = 64 };

struct address {
    struct sockaddr_storage socket;
    socklen_t size;
};

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080"; false: it is none. Names are not resolved.
 */
bool address_parse(const char *text, struct address *address);

/* Whether only this machine can reach it. */
bool address_is_loopback(const struct address *address);

/* Whether no other socket listens on it: sharing a port would hide a second server. */
bool address_is_free(const struct address *address);

/* A socket bound to it, its port shared with others of ours (SO_REUSEPORT); -1: see errno. */
int address_bind(const struct address *address);

/* The address a socket is bound to, with the port that the kernel chose; false: see errno. */
bool address_of(int socket, struct address *address);

/* "127.0.0.1:8080" */
void address_write(const struct address *address, char text[ADDRESS_TEXT]);

#endif
