#ifndef SIDELOCK_CERTS_PINS_H
#define SIDELOCK_CERTS_PINS_H
#include <stdatomic.h>
#include <time.h>
#include <stdint.h>
#include "config/config.h"
#include "config/report.h"
struct pins; struct pin {char *name; bool is_key; atomic_ullong hits; atomic_llong last_used;};
struct pins *pins_load(const struct config_clients *, const struct pins *previous, struct report *);
void pins_free(struct pins *);
struct pin *pins_find(const struct pins *, const char *fp, const char *kh);
void pin_note_use(struct pin *, time_t now); size_t pins_count(const struct pins *);
int pins_hash(const struct pins *, uint8_t out[32]);
void pins_judge(const struct pins *, time_t now, int64_t w, struct report *);
#endif
