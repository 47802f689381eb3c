/* options.h — reads the options of purvey.rules.v1 from where protobuf-c leaves them: the unknown fields
 * of the standard option messages. An option written in pieces arrives as several records, of which
 * protobuf-c would keep the last of a repeated sub-message: it is refused. */
#ifndef PV_BAZEL_CODEGEN_OPTIONS_H
#define PV_BAZEL_CODEGEN_OPTIONS_H

#include "bazel/codegen/model.h"

/* Numbers of the extensions in rules.proto. */
enum {
    GEN_OPTION_FILE = 50000,
    GEN_OPTION_METHOD = 50001,
    GEN_OPTION_OBJECT = 50002,
    GEN_OPTION_FIELD = 50003,
    GEN_OPTION_ENUM = 50004,
    GEN_OPTION_VALUE = 50005
};

/* Reads the rules of all files into the model, names everything in C, and reports what cannot be read. */
void gen_read_options(gen_model *model);

/* Adds the problem "Element: sentence" at the line of the element's option `tag`. Problems of a file are
 * told when that file is generated: silent for others. */
__attribute__((format(printf, 4, 5))) void gen_refuse(gen_model *model, const gen_element *element,
                                                      int32_t tag, const char *format, ...);

#endif
