/* pem.h — certificates and keys for the greeter: a whole file as text. */
#ifndef PV_EXAMPLES_GREETER_PEM_H
#define PV_EXAMPLES_GREETER_PEM_H

#include "base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The file's text, in `arena`. Says on stderr what is wrong and exits when it cannot be read. */
const char *pem_read(pv_arena *arena, const char *path);

#ifdef __cplusplus
}
#endif
#endif
