/* check_parts.h — what gen_check and gen_check_whole are made of. */
#ifndef PV_BAZEL_CODEGEN_CHECK_PARTS_H
#define PV_BAZEL_CODEGEN_CHECK_PARTS_H

#include "bazel/codegen/model.h"

/* check_enum.c: vocabularies, and reasons that say all a client needs. */
void gen_check_enum(gen_model *model, const gen_enum *enumeration);

/* check_field.c: a field's rule fits its type. */
void gen_check_field(gen_model *model, const gen_field *field);

/* check_bounds.c: everything a request can carry has a limit, and no message contains itself. */
void gen_check_bounds(gen_model *model, const gen_method *method);

/* check_object.c: key tags and id prefixes are in form and belong to one object each. */
void gen_check_object(gen_model *model, const gen_message *message);
void gen_check_id_prefix(gen_model *model, const gen_field *field);

/* check_method.c: access, idempotency and effect are said. */
void gen_check_service(gen_model *model, const gen_service *service);

/* check_names.c: generated names are C and C++, and name one thing each. */
void gen_check_names(gen_model *model);

/* check_states.c: every state is reached; terminal states are those that nothing leaves. */
void gen_check_states(gen_model *model, const gen_message *object);

#endif
