/* timestamp.h — instants as messages and back. */
#ifndef PV_PROTOS_RUNTIME_TIMESTAMP_H
#define PV_PROTOS_RUNTIME_TIMESTAMP_H

#include "base/arena.h"
#include "base/time.h"

#include "google/protobuf/timestamp.pv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The instant, which is not before 1970, as a message. */
Google__Protobuf__Timestamp pv_timestamp_of(pv_time time);

/* The same in an arena; NULL at its ceiling. */
Google__Protobuf__Timestamp *pv_timestamp_new(pv_arena *arena, pv_time time);

/* The instant of a message. False, and `ret_time` untouched: NULL, or no instant that pv_time can hold. */
PV_MUST_USE bool pv_time_of(const Google__Protobuf__Timestamp *timestamp, pv_time *ret_time);

#ifdef __cplusplus
}
#endif
#endif
