#include "certs/peer_name.h"
bool peer_name_matches(const struct client *c, const char *name){(void)c;(void)name;return false;}
