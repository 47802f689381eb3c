/* names.h — names in C: those that protoc-gen-c 1.4 gives to messages and enums, which we must meet
 * exactly, and our own short ones. All texts are new. */
#ifndef PV_BAZEL_CODEGEN_NAMES_H
#define PV_BAZEL_CODEGEN_NAMES_H

#include <stdbool.h>

/* Of protoc-gen-c, from a full name like "purvey.order.v1.OrderItem". */
char *gen_c_type(const char *full_name);  /* Purvey__Order__V1__OrderItem */
char *gen_c_lower(const char *full_name); /* purvey__order__v1__order_item */
char *gen_c_upper(const char *full_name); /* PURVEY__ORDER__V1__ORDER_ITEM */

/* "OrderItem" and "order_item" both give "order_item". */
char *gen_snake(const char *name);

char *gen_lower(const char *text);
char *gen_upper(const char *text);

/* Everything but letters and digits becomes '_'. */
char *gen_symbol(const char *text);

/* "purvey/order/v1/order.proto" without ".proto". */
char *gen_stem(const char *path);

/* A field name that protoc-gen-c turns into C that does not compile, on some compiler or in C++. */
bool gen_is_bad_field_name(const char *name);

#endif
