// things.h — things (thing.proto) as plain values, put into a store and read back.
#ifndef PV_TESTS_UNIT_STORAGE_THINGS_H
#define PV_TESTS_UNIT_STORAGE_THINGS_H

#include "tests/unit/storage/fixture.h"
#include "tests/unit/storage/thing.pv.h"

#include "storage/object.h"

#include <string>

namespace store_test {

inline pv_id Id(uint64_t number)
{
    pv_id id = {};
    for (int i = 15; i >= 8; i--) {
        id.bytes[i] = static_cast<uint8_t>(number);
        number >>= 8;
    }
    id.bytes[0] = 1; // no id is zero
    return id;
}

inline std::string IdText(const char *prefix, pv_id id)
{
    char text[PV_ID_TEXT_SIZE];
    pv_id_format(prefix, id, text);
    return text;
}

inline pv_time Seconds(int64_t seconds)
{
    pv_time time = {seconds * PV_NS_PER_S};
    return time;
}

struct Thing {
    uint64_t number = 1; // of its id
    uint64_t seller = 0; // number of the account; 0: none
    uint64_t buyer = 0;
    unsigned shade = 0;
    std::string name;
    uint32_t size = 0;
    uint64_t weight = 0;
    bool heavy = false;
    int64_t happened_ns = 0; // 0: unset
    std::string code;
};

// The message of a thing, with all its memory.
class ThingMessage {
  public:
    explicit ThingMessage(const Thing &thing)
        : id_(IdText("thi", Id(thing.number))), name_(thing.name), code_(thing.code)
    {
        ts_thing empty = TS_THING__INIT;
        message_ = empty;
        message_.id = id_.data();
        if (thing.seller != 0) { seller_ = IdText("acc", Id(thing.seller)); }
        if (thing.buyer != 0) { buyer_ = IdText("acc", Id(thing.buyer)); }
        message_.seller_id = seller_.data();
        message_.buyer_id = buyer_.data();
        message_.shade = static_cast<ts_shade>(thing.shade);
        message_.name = name_.data();
        message_.size = thing.size;
        message_.weight = thing.weight;
        message_.heavy = thing.heavy;
        message_.code = code_.data();
        if (thing.happened_ns != 0) {
            Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
            happened_at_ = timestamp;
            happened_at_.seconds = thing.happened_ns / PV_NS_PER_S;
            happened_at_.nanos = static_cast<int32_t>(thing.happened_ns % PV_NS_PER_S);
            message_.happened_at = &happened_at_;
        }
    }
    ThingMessage(const ThingMessage &) = delete;
    ThingMessage &operator=(const ThingMessage &) = delete;
    ts_thing *operator->() { return &message_; }
    ProtobufCMessage *base() { return &message_.base; }

  private:
    std::string id_, name_, code_, seller_, buyer_;
    Google__Protobuf__Timestamp happened_at_;
    ts_thing message_;
};

inline pv_status PutThing(pv_txn *txn, pv_arena *arena, const Thing &thing,
                          pv_id *ret_existing = nullptr, pv_time now = Seconds(1000))
{
    ThingMessage message(thing);
    return pv_object_put(txn, &ts_thing__object, arena, now, message.base(), ret_existing);
}

// A condition on a field of Thing by its name.
inline pv_condition Where(const char *field, pv_comparison comparison, uint64_t number)
{
    pv_condition condition = {};
    const ProtobufCFieldDescriptor *found =
        protobuf_c_message_descriptor_get_field_by_name(ts_thing__info.descriptor, field);
    condition.field = static_cast<uint16_t>(found - ts_thing__info.descriptor->fields);
    condition.comparison = comparison;
    condition.number = number;
    return condition;
}

// `text` must outlive the condition.
inline pv_condition Where(const char *field, pv_comparison comparison, const std::string &text)
{
    pv_condition condition = Where(field, comparison, uint64_t{0});
    condition.text = View(text);
    return condition;
}

} // namespace store_test

#endif
