/* check.h — refuses .proto files whose rules are incomplete, contradict each other, or would leave a
 * request without a limit. Words that name nothing were reported by gen_resolve. */
#ifndef PV_BAZEL_CODEGEN_CHECK_H
#define PV_BAZEL_CODEGEN_CHECK_H

#include "bazel/codegen/model.h"

/* Checks the files to generate, each with what it imports. */
void gen_check(gen_model *model);

/* Checks what shows only when every file of the product is in sight: that each state is reached and left,
 * that an id prefix belongs to an object. */
void gen_check_whole(gen_model *model);

#endif
