#include "certs/approved.h"
#include <stdlib.h>
struct approved {int x;};
struct approved *approved_load(const char *p, const struct approved *pr, struct report *r){(void)p;(void)pr;(void)r;return calloc(1,sizeof(struct approved));}
void approved_free(struct approved *p){free(p);}
struct approved_entry *approved_find(const struct approved *p, const char *fp){(void)p;(void)fp;return NULL;}
void approved_note_use(struct approved_entry *p, time_t now){(void)p;(void)now;}
size_t approved_count(const struct approved *p){(void)p;return 0;}
int approved_hash(const struct approved *p, uint8_t out[32]){(void)p;(void)out;return 0;}
