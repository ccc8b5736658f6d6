/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What wolfSSL's own build sees before every source file ("-include").
 *
 * 1. The prototype of sidelock's random number source, which the library is
 *    told to use by CUSTOM_RAND_GENERATE_BLOCK; it lives in certs/random.c.
 * 2. No name resolution: the library has a small HTTP client for OCSP that
 *    would block a worker. Nothing of ours switches it on; here it is made
 *    unable to reach anything, and glibc's resolver stays out of the static
 *    program.
 *
 * The assembler's preprocessor reads this file, too, and must see none of it.
 */
#ifndef SIDELOCK_WOLFSSL_PRELUDE_H
#define SIDELOCK_WOLFSSL_PRELUDE_H

#ifndef __ASSEMBLER__

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <netdb.h>

#define getaddrinfo(...)   EAI_FAIL
#define freeaddrinfo(list) ((void)(list))

/* Fills output with size random bytes. Returns 0, or non-zero on failure. */
int sidelock_random_block(unsigned char *output, unsigned int size);

#endif

#endif
