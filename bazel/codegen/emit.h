/* emit.h — writes the generated files. All emitters only read the model, and write the same bytes for the
 * same .proto files: no clock, no path of this machine, no hash order. */
#ifndef PV_BAZEL_CODEGEN_EMIT_H
#define PV_BAZEL_CODEGEN_EMIT_H

#include "bazel/codegen/model.h"

/* X.pv.h: short names, declarations of tables, handler functions and client stubs. */
void gen_emit_header(const gen_file *file, gen_text *out);

/* X.pv.c: tables. */
void gen_emit_tables(const gen_model *model, const gen_file *file, gen_text *out);

/* X.server.pv.c: what binds the handler functions to the tables. */
void gen_emit_server(const gen_file *file, gen_text *out);

/* X.rules.txt: the rules of the file for people. */
void gen_emit_rules(const gen_model *model, const gen_file *file, gen_text *out);

/* Of all files together: who may call what; what moves an object from state to state, as text and for
 * graphviz; the reasons; and the reference manual. */
void gen_emit_access(const gen_model *model, gen_text *out);
void gen_emit_transitions(const gen_model *model, gen_text *out);
void gen_emit_reasons(const gen_model *model, gen_text *out);
void gen_emit_lifecycle(const gen_model *model, gen_text *out);
void gen_emit_reference(const gen_model *model, gen_text *out);

/* STEM.pv.h and STEM.pv.c: the tables of all files together. */
void gen_emit_catalog_header(const char *stem, gen_text *out);
void gen_emit_catalog(const gen_model *model, const char *stem, gen_text *out);

#endif
