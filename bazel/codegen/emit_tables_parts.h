/* emit_tables_parts.h — what X.pv.c is made of beside messages. */
#ifndef PV_BAZEL_CODEGEN_EMIT_TABLES_PARTS_H
#define PV_BAZEL_CODEGEN_EMIT_TABLES_PARTS_H

#include "bazel/codegen/model.h"

/* The reasons of an enum with vocabulary REASON; nothing for others. */
void gen_emit_reason_table(const gen_enum *enumeration, gen_text *out);

/* The methods of a service and the service itself. */
void gen_emit_method_tables(const gen_file *file, const gen_service *service, gen_text *out);

/* The paragraphs of a comment in one line. */
const char *gen_one_paragraph(const char *comment);

#endif
