/* resolve.h — turns the words in options into numbers and pointers, and reports every word that names
 * nothing. Words are searched in all files in sight: those imported and those of Bazel's deps. */
#ifndef PV_BAZEL_CODEGEN_RESOLVE_H
#define PV_BAZEL_CODEGEN_RESOLVE_H

#include "bazel/codegen/model.h"

/* Fills the vocabularies of the model, gen_message.object, gen_field.party and what gen_method has of
 * numbers. Reports only about files to generate. */
void gen_resolve(gen_model *model);

#endif
