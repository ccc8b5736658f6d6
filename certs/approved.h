#ifndef SIDELOCK_CERTS_APPROVED_H
#define SIDELOCK_CERTS_APPROVED_H
#include <time.h>
#include <stdint.h>
#include "config/report.h"
struct approved; struct approved_entry;
struct approved *approved_load(const char *path, const struct approved *previous, struct report *);
void approved_free(struct approved *);
struct approved_entry *approved_find(const struct approved *, const char *fp);
void approved_note_use(struct approved_entry *, time_t now);
size_t approved_count(const struct approved *);
int approved_hash(const struct approved *, uint8_t out[32]);
#endif
