#include "bazel/codegen/check.h"
void gen_check(gen_model *model){(void)model;}
void gen_check_whole(gen_model *model){(void)model;}
