#include "protos/runtime/timestamp.h"

Google__Protobuf__Timestamp pv_timestamp_of(pv_time time)
{
    PV_ASSERT(time.utc_ns >= 0);
    Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    timestamp.seconds = time.utc_ns / PV_NS_PER_S;
    timestamp.nanos = (int32_t)(time.utc_ns % PV_NS_PER_S);
    return timestamp;
}

Google__Protobuf__Timestamp *pv_timestamp_new(pv_arena *arena, pv_time time)
{
    Google__Protobuf__Timestamp *timestamp = pv_arena_alloc(arena, sizeof *timestamp);
    if (timestamp != NULL) { *timestamp = pv_timestamp_of(time); }
    return timestamp;
}

bool pv_time_of(const Google__Protobuf__Timestamp *timestamp, pv_time *ret_time)
{
    const int64_t seconds_max = INT64_MAX / PV_NS_PER_S - 1;
    if (timestamp == NULL || timestamp->seconds < 0 || timestamp->seconds > seconds_max ||
        timestamp->nanos < 0 || timestamp->nanos >= PV_NS_PER_S) {
        return false;
    }
    ret_time->utc_ns = timestamp->seconds * PV_NS_PER_S + timestamp->nanos;
    return true;
}
