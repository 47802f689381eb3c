/* emit_parts.h — what emitters share. */
#ifndef PV_BAZEL_CODEGEN_EMIT_PARTS_H
#define PV_BAZEL_CODEGEN_EMIT_PARTS_H

#include "bazel/codegen/model.h"

/* First lines of a generated C file. */
void gen_emit_banner(const gen_file *file, gen_text *out);

/* The typed client functions of a method. */
void gen_emit_stub(const gen_method *method, gen_text *out);

/* The kind of a method as 0 to 3, as pv_method_kind numbers them. */
int gen_kind(const gen_method *method);

/* "string", "repeated purvey.order.v1.OrderItem", "map<string, string>". */
const char *gen_type_name(const gen_field *field);

/* "VENDOR|RESELLER", "ANY", "PUBLIC" or "nobody". */
const char *gen_callers(const gen_model *model, const gen_method *method);

/* The rule of a field in words: "required, at most 64 characters"; "" if none. */
const char *gen_rule_words(const gen_field *field);

/* All services or messages of the files that carry rules of ours, in order of full name. */
gen_list gen_ruled_services(const gen_model *model);
gen_list gen_ruled_objects(const gen_model *model);

#endif
