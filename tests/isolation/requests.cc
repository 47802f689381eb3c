#include "tests/isolation/requests.h"

#include "base/id.h"
#include "base/status.h"
#include "purvey/catalog.pv.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace purvey {

namespace {

bool is_index(const std::string &step)
{
    return !step.empty() && isdigit(static_cast<unsigned char>(step[0])) != 0;
}

std::vector<std::string> steps_of(const std::string &path)
{
    std::vector<std::string> steps;
    size_t start = 0;
    for (size_t end; (end = path.find('.', start)) != std::string::npos; start = end + 1) {
        steps.push_back(path.substr(start, end - start));
    }
    steps.push_back(path.substr(start));
    return steps;
}

json_t *child(json_t *parent, const std::string &step)
{
    if (json_is_array(parent)) {
        return json_array_get(parent, std::strtoul(step.c_str(), nullptr, 10));
    }
    return json_object_get(parent, step.c_str());
}

void put(json_t *parent, const std::string &step, json_t *stolen)
{
    if (!json_is_array(parent)) {
        json_object_set_new(parent, step.c_str(), stolen);
    } else if (std::strtoul(step.c_str(), nullptr, 10) < json_array_size(parent)) {
        json_array_set_new(parent, std::strtoul(step.c_str(), nullptr, 10), stolen);
    } else {
        json_array_append_new(parent, stolen);
    }
}

void remove_from(json_t *value, const std::string &key)
{
    const char *name = nullptr;
    json_t *part = nullptr;
    size_t index = 0;
    json_object_del(value, key.c_str());
    json_object_foreach(value, name, part)
    {
        remove_from(part, key);
    }
    json_array_foreach(value, index, part)
    {
        remove_from(part, key);
    }
}

void merge_into(json_t *target, json_t *source)
{
    const char *key = nullptr;
    json_t *value = nullptr;
    json_object_foreach(source, key, value)
    {
        json_t *old = json_object_get(target, key);
        if (json_is_null(value)) {
            json_object_del(target, key);
        } else if (json_is_object(value) && json_is_object(old)) {
            merge_into(old, value);
        } else {
            json_object_set_new(target, key, json_deep_copy(value));
        }
    }
}

} // namespace

Json::Json(const char *text)
{
    json_error_t where;
    value.reset(json_loads(text, JSON_REJECT_DUPLICATES, &where), json_decref);
    if (value == nullptr) { fprintf(stderr, "no JSON: %s: %s\n", where.text, text); }
    PV_ASSERT(value != nullptr);
}

Json Json::of(json_t *borrowed)
{
    Json result;
    result.value.reset(json_deep_copy(borrowed), json_decref);
    return result;
}

void Json::remove_everywhere(const std::string &key)
{
    remove_from(value.get(), key);
}

void Json::set(const std::string &path, json_t *stolen)
{
    std::vector<std::string> steps = steps_of(path);
    json_t *at = value.get();
    for (size_t i = 0; i + 1 < steps.size(); i++) {
        json_t *next = child(at, steps[i]);
        if (next == nullptr) {
            next = is_index(steps[i + 1]) ? json_array() : json_object();
            put(at, steps[i], next);
        }
        at = next;
    }
    put(at, steps.back(), stolen);
}

void Json::set(const std::string &path, const std::string &text)
{
    set(path, json_stringn(text.data(), text.size()));
}

json_t *Json::get(const std::string &path) const
{
    json_t *at = value.get();
    for (const std::string &step : steps_of(path)) {
        at = at == nullptr ? nullptr : child(at, step);
    }
    return at;
}

std::string Json::text(const std::string &path) const
{
    json_t *found = get(path);
    return json_is_string(found) ? json_string_value(found) : "";
}

void Json::merge(const Json &other)
{
    merge_into(value.get(), other.value.get());
}

std::string Json::dump() const
{
    char *text = json_dumps(value.get(), JSON_COMPACT);
    PV_ASSERT(text != nullptr);
    std::string result = text;
    free(text);
    return result;
}

namespace {

const pv_object_info *object_of_prefix(const std::string &prefix)
{
    for (size_t i = 0; i < pv_catalog__object_count; i++) {
        if (prefix == pv_catalog__objects[i]->id_prefix) { return pv_catalog__objects[i]; }
    }
    return nullptr;
}

/* "TierAccount" as "tier_account". */
std::string snake(const std::string &name)
{
    std::string result;
    for (char c : name) {
        if (isupper(static_cast<unsigned char>(c)) != 0 && !result.empty()) { result += '_'; }
        result += static_cast<char>(tolower(static_cast<unsigned char>(c)));
    }
    return result;
}

/* The prefix of the object that the field's name ends with: "old_item_id" names an Item. */
std::string prefix_by_name(const std::string &field)
{
    for (size_t i = 0; i < pv_catalog__object_count; i++) {
        std::string name = snake(strrchr(pv_catalog__objects[i]->name, '.') + 1) + "_id";
        if (field == name) { return pv_catalog__objects[i]->id_prefix; }
    }
    return "";
}

bool is_foreign(const ProtobufCFieldDescriptor &field)
{
    const auto *message = static_cast<const ProtobufCMessageDescriptor *>(field.descriptor);
    return strncmp(message->name, "google.", 7) == 0;
}

void collect(const pv_message_info *message, const std::string &path, const std::string &name,
             std::vector<IdField> &found)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor &field = message->descriptor->fields[i];
        const pv_field_rule *rule = message->fields[i].rule;
        if (rule != nullptr && (rule->flags & PV_RULE_OUTPUT_ONLY) != 0) { continue; }
        bool list = field.label == PROTOBUF_C_LABEL_REPEATED;
        std::string at = path + field.name + (list ? ".0" : "");
        std::string called = name + field.name + (list ? "[0]" : "");
        if (field.type == PROTOBUF_C_TYPE_MESSAGE && !is_foreign(field)) {
            collect(message->fields[i].message, at + ".", called + ".", found);
        }
        if (field.type != PROTOBUF_C_TYPE_STRING) { continue; }
        bool ruled = rule != nullptr && rule->id_prefix != nullptr;
        std::string prefix = ruled ? rule->id_prefix : prefix_by_name(field.name);
        if (prefix.empty()) { continue; }
        bool required = ruled && ((rule->flags & PV_RULE_REQUIRED) != 0 || rule->items_min > 0);
        PV_ASSERT(object_of_prefix(prefix) != nullptr);
        found.push_back({at, called, prefix, ruled, required});
    }
}

/* A canary in a form that the field takes; "" if no canary fits it. */
std::string text_for(const pv_field_rule *rule, const std::string &canary)
{
    std::string text = canary;
    switch (rule == nullptr ? PV_PATTERN_NONE : rule->pattern) {
    case PV_PATTERN_NONE:
    case PV_PATTERN_NAME:
    case PV_PATTERN_LINE: break;
    case PV_PATTERN_EMAIL: text = canary + "@example.com"; break;
    case PV_PATTERN_URL:
    case PV_PATTERN_HTTPS: text = "https://" + canary + ".example.com/"; break;
    case PV_PATTERN_DOMAIN: text = canary + ".example.com"; break;
    case PV_PATTERN_COLOUR: return "#102030";
    case PV_PATTERN_CURRENCY: return "USD";
    case PV_PATTERN_COUNTRY: return "DE";
    case PV_PATTERN_LANGUAGE: return "de";
    case PV_PATTERN_DECIMAL: return "1";
    case PV_PATTERN_UUID:
    case PV_PATTERN_ETAG: return "";
    }
    bool fits = rule == nullptr || rule->length_max == 0 || text.size() <= rule->length_max;
    return fits ? text : "1";
}

bool steers(const std::string &field)
{
    static const std::set<std::string> names = {"request_id",  "page_token",  "page_size",
                                                "filter",      "order_by",    "etag",
                                                "update_mask", "resume_token"};
    return names.count(field) != 0;
}

/* Times of a request follow each other. */
json_t *time_for(size_t index)
{
    char text[32];
    snprintf(text, sizeof text, "2024-09-%02zuT00:00:00Z", index + 1);
    return json_string(text);
}

class Filler {
  public:
    Filler(Fill fill, const std::string &of, Canaries &source)
        : how(fill), account(of), canaries(source)
    {
    }

    json_t *message(const pv_message_info *info)
    {
        json_t *result = json_object();
        for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor &field = info->descriptor->fields[i];
            const pv_field_rule *rule = info->fields[i].rule;
            bool ruled_id = rule != nullptr && rule->id_prefix != nullptr;
            if (steers(field.name) || ruled_id || !prefix_by_name(field.name).empty()) { continue; }
            if (rule != nullptr && (rule->flags & PV_RULE_OUTPUT_ONLY) != 0) { continue; }
            bool required =
                rule != nullptr && ((rule->flags & PV_RULE_REQUIRED) != 0 || rule->items_min > 0);
            json_t *value = required || how == Fill::kEverything
                                ? one(info->fields[i], field, required)
                                : nullptr;
            if (value == nullptr) { continue; }
            if (field.label == PROTOBUF_C_LABEL_REPEATED) { value = json_pack("[o]", value); }
            json_object_set_new(result, field.name, value);
        }
        return result;
    }

  private:
    json_t *one(const pv_field_info &info, const ProtobufCFieldDescriptor &field, bool required)
    {
        if (field.type == PROTOBUF_C_TYPE_MESSAGE) { return part(info, field, required); }
        if (field.type == PROTOBUF_C_TYPE_STRING) {
            std::string text = text_for(info.rule, canaries.next(account));
            return text.empty() ? nullptr : json_string(text.c_str());
        }
        if (!required) { return nullptr; }
        if (field.type != PROTOBUF_C_TYPE_ENUM) { return json_integer(1); }
        const auto *type = static_cast<const ProtobufCEnumDescriptor *>(field.descriptor);
        return json_string(type->values[1].name);
    }

    json_t *part(const pv_field_info &info, const ProtobufCFieldDescriptor &field, bool required)
    {
        const auto *type = static_cast<const ProtobufCMessageDescriptor *>(field.descriptor);
        if (strcmp(type->short_name, "Timestamp") == 0) {
            return required ? time_for(times++) : nullptr;
        }
        if (is_foreign(field)) { return nullptr; }
        return message(info.message);
    }

    Fill how;
    const std::string &account;
    Canaries &canaries;
    size_t times = 0;
};

} // namespace

std::vector<IdField> id_fields(const pv_message_info *message)
{
    std::vector<IdField> found;
    collect(message, "", "", found);
    return found;
}

Json fill_request(const pv_message_info *message, Fill how, const std::string &account,
                  Canaries &canaries)
{
    Json result;
    json_t *filled = Filler(how, account, canaries).message(message);
    const char *key = nullptr;
    json_t *value = nullptr;
    json_object_foreach(filled, key, value)
    {
        result.set(key, json_deep_copy(value));
    }
    json_decref(filled);
    return result;
}

std::map<std::string, std::vector<std::string>> required_enums(const pv_message_info *message)
{
    std::map<std::string, std::vector<std::string>> found;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor &field = message->descriptor->fields[i];
        const pv_field_rule *rule = message->fields[i].rule;
        bool required = rule != nullptr && (rule->flags & PV_RULE_REQUIRED) != 0;
        if (field.type != PROTOBUF_C_TYPE_ENUM || !required) { continue; }
        const auto *type = static_cast<const ProtobufCEnumDescriptor *>(field.descriptor);
        for (unsigned j = 1; j < type->n_values; j++) {
            found[field.name].push_back(type->values[j].name);
        }
    }
    return found;
}

namespace {

/* First digits of numbers: of the secret ones, and of all others. No digest holds them by chance. */
const char kHeadOfA[] = "71007100";
const char kHeadOfOther[] = "83008300";
const char kCommonHead[] = "62006200";
constexpr size_t kHeadSize = 8;
constexpr size_t kNumberSize = 12;
constexpr size_t kIdTail = 27; /* of an id: all behind its prefix */

} // namespace

std::string Canaries::next(const std::string &account)
{
    std::string number = std::to_string(10000 + count++ % 10000).substr(1);
    return std::string("zq") + (account == secret_account ? variant : 'x') + number + "zq";
}

std::string Canaries::number(const std::string &account)
{
    std::string number = std::to_string(10000 + count++ % 10000).substr(1);
    return (account == secret_account ? head() : kCommonHead) + number;
}

/* The first digits of secret numbers. */
std::string Canaries::head() const
{
    return variant == 'a' ? kHeadOfA : kHeadOfOther;
}

bool Canaries::is_secret(const std::string &canary) const
{
    return canary.size() == kSize ? canary[2] == variant
                                  : canary.compare(0, kHeadSize, head()) == 0;
}

std::string Canaries::counterpart(std::string canary, const Canaries &other)
{
    if (canary.size() != kSize) { return other.head() + canary.substr(kHeadSize); }
    canary[2] = other.variant;
    return canary;
}

namespace {

bool is_canary(const char *at)
{
    bool text = at[0] == 'z' && at[1] == 'q' && isalpha(static_cast<unsigned char>(at[2])) != 0 &&
                at[7] == 'z' && at[8] == 'q';
    for (int i = 3; text && i < 7; i++) { text = isdigit(static_cast<unsigned char>(at[i])) != 0; }
    return text;
}

bool is_number(const char *at)
{
    bool starts = false;
    for (const char *head : {kHeadOfA, kHeadOfOther, kCommonHead}) {
        starts = starts || strncmp(at, head, kHeadSize) == 0;
    }
    for (size_t i = kHeadSize; starts && i < kNumberSize; i++) {
        starts = isdigit(static_cast<unsigned char>(at[i])) != 0;
    }
    return starts;
}

} // namespace

std::set<std::string> ids_in(const std::string &bytes)
{
    std::set<std::string> found;
    for (size_t at = 0; (at = bytes.find('_', at)) != std::string::npos; at++) {
        for (size_t i = 0; i < pv_catalog__object_count; i++) {
            std::string prefix = pv_catalog__objects[i]->id_prefix;
            pv_id parsed;
            if (at < prefix.size() ||
                bytes.compare(at - prefix.size(), prefix.size(), prefix) != 0) {
                continue;
            }
            std::string id = bytes.substr(at - prefix.size(), prefix.size() + kIdTail);
            if (pv_id_parse(prefix.c_str(), pv_view_text(id.c_str()), &parsed)) {
                found.insert(id);
            }
        }
    }
    return found;
}

std::set<std::string> Canaries::in(const std::string &bytes)
{
    std::set<std::string> found;
    for (size_t i = 0; i < bytes.size(); i++) {
        if (i + kSize <= bytes.size() && is_canary(&bytes[i])) {
            found.insert(bytes.substr(i, kSize));
        }
        if (i + kNumberSize <= bytes.size() && is_number(&bytes[i])) {
            found.insert(bytes.substr(i, kNumberSize));
        }
    }
    return found;
}

} // namespace purvey
