/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes pins_load(): an input that begins with 'k' is an item of
 * trusted_keys; of any other, what follows its first byte is a file of
 * trusted_certs. It loads whole or is refused with an error; what was loaded is
 * found by its hash, and only as what it is.
 */
#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "certs/pins.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    PATH_BYTES = 64
};

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check_pins(const struct pins *pins)
{
    uint8_t hash[PINS_HASH_BYTES];
    struct report report;

    for (size_t i = 0; i < pins_count(pins); i++) {
        struct pin *pin = pins_at(pins, i);
        const char *hex = pin->info.fingerprint;

        require(strlen(hex) == 2 * (size_t)PINS_HASH_BYTES);
        require(
            pins_find(pins, pin->is_key ? NULL : hex, pin->is_key ? hex : NULL)
            == pin);
        require(
            pins_find(pins, pin->is_key ? hex : NULL, pin->is_key ? NULL : hex)
            == NULL);
    }
    require(pins_hash(pins, hash) == 0);
    report_init(&report);
    pins_judge(pins, 0, 30, &report);
    report_deinit(&report);
}

/* Twice: the second takes the counts of the first over. */
static void
check_load(const struct config_clients *clients)
{
    struct report report;
    struct pins *pins;
    struct pins *next;

    report_init(&report);
    pins = pins_load(clients, NULL, &report);
    require((pins == NULL) == (report.error_count > 0));
    if (pins != NULL) {
        require(pins_count(pins) > 0);
        check_pins(pins);
        pin_note_use(pins_at(pins, 0), 1000);
        next = pins_load(clients, pins, &report);
        require(next != NULL && pins_count(next) == pins_count(pins));
        pins_free(pins);
        require(pin_hits(pins_at(next, 0)) == 1);
        pins_free(next);
    }
    report_deinit(&report);
}

static void
check_key(const uint8_t *data, size_t size)
{
    struct config_clients clients = {.allow_all = false};
    char *text = calloc(1, size + 1);

    require(text != NULL);
    memcpy(text, data, size);
    clients.trusted_keys = (struct string_list){.items = &text, .count = 1};
    check_load(&clients);
    free(text);
}

static void
check_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    struct config_clients clients = {.allow_all = false};
    char path[PATH_BYTES];
    char *item = path;

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    require(fd >= 0);
    require(ftruncate(fd, 0) == 0);
    require(pwrite(fd, data, size, 0) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    clients.trusted_certs = (struct string_list){.items = &item, .count = 1};
    check_load(&clients);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 'k')
        check_key(data + 1, size - 1);
    else
        check_file(data + 1, size - 1);
    return 0;
}
