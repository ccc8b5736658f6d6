#include "certs/pins.h"
#include <stdlib.h>
struct pins {int x;};
struct pins *pins_load(const struct config_clients *c, const struct pins *p, struct report *r){(void)c;(void)p;(void)r;return calloc(1,sizeof(struct pins));}
void pins_free(struct pins *p){free(p);}
struct pin *pins_find(const struct pins *p, const char *fp, const char *kh){(void)p;(void)fp;(void)kh;return NULL;}
void pin_note_use(struct pin *p, time_t now){(void)p;(void)now;}
size_t pins_count(const struct pins *p){(void)p;return 0;}
int pins_hash(const struct pins *p, uint8_t out[32]){(void)p;(void)out;return 0;}
void pins_judge(const struct pins *p, time_t now, int64_t w, struct report *r){(void)p;(void)now;(void)w;(void)r;}
