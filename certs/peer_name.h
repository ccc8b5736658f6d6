#ifndef P_H
#define P_H
#include "certs/client.h"
bool peer_name_matches(const struct client *c, const char *name);
#endif
