/* pem.h — certificates and keys for the greeter: a whole file as text. */
#ifndef EXAMPLES_GREETER_PEM_H
#define EXAMPLES_GREETER_PEM_H

#include "base/arena.h"

/* The file's text, in `arena`. Says on stderr what is wrong and exits when it cannot be read. */
const char *pem_read(pv_arena *arena, const char *path);

#endif
