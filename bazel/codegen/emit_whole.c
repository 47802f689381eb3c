#include "bazel/codegen/emit.h"
void gen_emit_access(const gen_model *model, gen_text *out){(void)model;(void)out;}
void gen_emit_transitions(const gen_model *model, gen_text *out){(void)model;(void)out;}
void gen_emit_reasons(const gen_model *model, gen_text *out){(void)model;(void)out;}
void gen_emit_lifecycle(const gen_model *model, gen_text *out){(void)model;(void)out;}
void gen_emit_reference(const gen_model *model, gen_text *out){(void)model;(void)out;}
