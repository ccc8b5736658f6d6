/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random numbers for the TLS library, straight from the kernel: no state to
 * share, to fork or to leak.
 */
#ifndef SIDELOCK_CERTS_RANDOM_H
#define SIDELOCK_CERTS_RANDOM_H

/*
 * The library calls this for every random block (it is built with this name).
 * 0, or -1 when the kernel gives none.
 *
 * It also clears the upper halves of the vector registers: the library's
 * X25519 code for AVX2 reads registers that its P-256 code leaves dirty, and
 * half of the public keys would be wrong. Every key generation begins here.
 */
int sidelock_random_block(unsigned char *output, unsigned int size);

#endif
