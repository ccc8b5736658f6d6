/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Password-based encryption as it is used today: PBES2 with PBKDF2 and AES
 * (RFC 8018), and the integrity check of PKCS#12 (RFC 7292, appendix B). What
 * is older than that is recognized and not read.
 */
#ifndef SIDELOCK_CERTS_UNLOCK_H
#define SIDELOCK_CERTS_UNLOCK_H

#include "certs/der.h"
#include "certs/password.h"

enum unlock_result {
    UNLOCK_OK,
    UNLOCK_WRONG,  /* the password does not open it, or it is damaged */
    UNLOCK_LEGACY, /* an algorithm that is not read */
    UNLOCK_BROKEN, /* no such structure */
    UNLOCK_COSTLY, /* asks for more rounds than is sane */
    UNLOCK_NO_MEMORY,
};

/* Is this AlgorithmIdentifier (its content) one that unlock_decrypt reads?
 * UNLOCK_OK, UNLOCK_LEGACY or UNLOCK_BROKEN. */
enum unlock_result unlock_judge(struct der algorithm);

/* Decrypts into `plain`, secret memory that the caller then owns. The password
 * counts as used from then on. */
enum unlock_result unlock_decrypt(struct der algorithm, struct der encrypted,
    struct password *password, struct blob *plain);

/* The content of an EncryptedPrivateKeyInfo; `key` is then PKCS#8. */
enum unlock_result unlock_key(
    struct der content, struct password *password, struct blob *key);

/* Is `mac` (the content of a MacData) that of the data under the password? */
enum unlock_result unlock_check_mac(
    struct der mac, struct der data, struct password *password);

#endif
