/* resolve_parts.h — what gen_resolve is made of. */
#ifndef PV_BAZEL_CODEGEN_RESOLVE_PARTS_H
#define PV_BAZEL_CODEGEN_RESOLVE_PARTS_H

#include "bazel/codegen/model.h"

/* Parties, and for stored objects the standard fields, the state and the indexes. */
void gen_resolve_message(gen_model *model, gen_message *message);

/* Roles, module, grant, transitions and reasons. All messages are resolved before. */
void gen_resolve_method(gen_model *model, const gen_file *file, gen_method *method);

#endif
