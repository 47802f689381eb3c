#include "protos/runtime/json.h"
#include "tests/unit/runtime/support.h"

#include <vector>

namespace {

class MaskTest : public RuntimeTest {
  protected:
    ProtobufCMessage *read(const std::string &text)
    {
        ProtobufCMessage *message = nullptr;
        EXPECT_TRUE(pv_is_ok(pv_json_read(&pt_ruled__info, pv_view_of(text.data(), text.size()),
                                          nullptr, arena, &error, &message)))
            << error.message;
        return message;
    }

    std::string write(const ProtobufCMessage *message)
    {
        pv_view text = {};
        EXPECT_TRUE(
            pv_is_ok(pv_json_write(&pt_ruled__info, message, nullptr, arena, &error, &text)));
        return std::string(reinterpret_cast<const char *>(text.data), text.size);
    }

    /* `target` after the change, or the violations. */
    std::string apply(const std::string &target_text, const std::string &source_text,
                      const std::vector<std::string> &paths)
    {
        forget();
        ProtobufCMessage *target = read(target_text), *source = read(source_text);
        std::string before = write(target), source_before = write(source);
        std::vector<char *> list;
        for (const std::string &path : paths) { list.push_back(dup(path)); }
        pv_status status = pv_mask_apply(&pt_ruled__info, list.data(), list.size(), "update_mask",
                                         source, arena, &error, target);
        EXPECT_EQ(write(source), source_before);
        if (pv_is_ok(status)) { return write(target); }
        EXPECT_EQ(write(target), before);
        return violations();
    }
};

TEST_F(MaskTest, NamedFieldsAreTaken)
{
    const std::string target =
        R"({"title":"old","color":"COLOR_RED","count":5,"tags":["a","b"],"item":{"name":"old","note":"srv","kind":"k"},"revision":"7"})";
    const struct {
        const char *source;
        std::vector<std::string> paths;
        const char *result;
    } rows[] = {
        {R"({"title":"new","count":9})",
         {"title"},
         R"({"title":"new","color":"COLOR_RED","count":5,"tags":["a","b"],"item":{"name":"old","note":"srv","kind":"k"},"revision":"7"})"},
        /* what is not set in the source is emptied */
        {R"({})",
         {"title", "count", "tags"},
         R"({"color":"COLOR_RED","item":{"name":"old","note":"srv","kind":"k"},"revision":"7"})"},
        /* repeated fields are replaced whole */
        {R"({"tags":["c"]})",
         {"tags"},
         R"({"title":"old","color":"COLOR_RED","count":5,"tags":["c"],"item":{"name":"old","note":"srv","kind":"k"},"revision":"7"})"},
        /* one field of a message */
        {R"({"item":{"name":"new","amount":"5"}})",
         {"item.name"},
         R"({"title":"old","color":"COLOR_RED","count":5,"tags":["a","b"],"item":{"name":"new","note":"srv","kind":"k"},"revision":"7"})"},
        /* a whole message keeps what the server set in it */
        {R"({"item":{"name":"new","note":"mine","kind":"k"}})",
         {"item"},
         R"({"title":"old","color":"COLOR_RED","count":5,"tags":["a","b"],"item":{"name":"new","note":"srv","kind":"k"},"revision":"7"})"},
        /* elements have nothing of the server's */
        {R"({"items":[{"name":"x","note":"mine"}]})",
         {"items"},
         R"({"title":"old","color":"COLOR_RED","count":5,"items":[{"name":"x"}],"tags":["a","b"],"item":{"name":"old","note":"srv","kind":"k"},"revision":"7"})"},
        {R"({"notes":{"a":"b"}})",
         {"notes", "title"},
         R"({"color":"COLOR_RED","count":5,"tags":["a","b"],"notes":{"a":"b"},"item":{"name":"old","note":"srv","kind":"k"},"revision":"7"})"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(apply(target, row.source, row.paths), row.result) << row.source;
    }
}

TEST_F(MaskTest, WithoutPathsWhatIsSetIsTaken)
{
    EXPECT_EQ(apply(R"({"title":"old","count":5,"revision":"7"})",
                    R"({"title":"new","color":"COLOR_RED","revision":"99","server_side":{}})", {}),
              R"({"title":"new","color":"COLOR_RED","count":5,"revision":"7"})");
    EXPECT_EQ(apply(R"({"title":"old"})", "{}", {}), R"({"title":"old"})");
}

TEST_F(MaskTest, OneofsAreSwitched)
{
    EXPECT_EQ(apply(R"({"reference_id":"x"})", R"({"reference_email":"y"})", {"reference_email"}),
              R"({"reference_email":"y"})");
    EXPECT_EQ(apply(R"({"reference_id":"x"})", "{}", {"reference_email"}),
              R"({"reference_id":"x"})");
    EXPECT_EQ(apply(R"({"reference_id":"x"})", "{}", {"reference_id"}), "{}");
}

TEST_F(MaskTest, MessagesOnTheWayAreMade)
{
    EXPECT_EQ(apply("{}", R"({"item":{"name":"new","kind":"k"}})", {"item.name"}),
              R"({"item":{"name":"new"}})");
    EXPECT_EQ(apply("{}", "{}", {"item.name"}), "{}");
    EXPECT_EQ(apply(R"({"item":{"name":"old","kind":"k"}})", "{}", {"item.name"}),
              R"({"item":{"kind":"k"}})");
}

TEST_F(MaskTest, WrongPathsAreRefusedAndNothingIsChanged)
{
    const struct {
        std::vector<std::string> paths;
        const char *violation;
    } rows[] = {
        {{"titel"}, "update_mask.paths[0]: \"titel\" names no field: Ruled has no field \"titel\""},
        {{"title", "count", "Title"},
         "update_mask.paths[2]: \"Title\" names no field: Ruled has no field \"Title\""},
        {{""}, "update_mask.paths[0]: \"\" names no field: Ruled has no field \"\""},
        {{"item."}, "update_mask.paths[0]: \"item.\" names no field: RuledItem has no field \"\""},
        {{"item.x"},
         "update_mask.paths[0]: \"item.x\" names no field: RuledItem has no field \"x\""},
        {{"title.x"},
         "update_mask.paths[0]: \"title.x\" goes on behind title, which is no single message"},
        {{"items.name"},
         "update_mask.paths[0]: \"items.name\" goes on behind items, which is no single message"},
        {{"notes.a"},
         "update_mask.paths[0]: \"notes.a\" goes on behind notes, which is no single message"},
        {{"revision"},
         "update_mask.paths[0]: \"revision\" cannot be changed: revision is set by the server"},
        {{"item.note"},
         "update_mask.paths[0]: \"item.note\" cannot be changed: note is set by the server"},
        {{"server_side.title"},
         "update_mask.paths[0]: \"server_side.title\" cannot be changed: server_side is set by the "
         "server"},
        {{"owner"},
         "update_mask.paths[0]: \"owner\" would change the field owner, which is fixed at "
         "creation"},
        {{"item.kind"},
         "update_mask.paths[0]: \"item.kind\" would change the field kind, which is fixed at "
         "creation"},
        {{"item"},
         "update_mask.paths[0]: \"item\" would change the field kind, which is fixed at creation"},
        {{"title", "title"}, "update_mask.paths[1]: \"title\" comes twice"},
        {{"*"},
         "update_mask.paths[0]: \"*\" is not accepted: name the fields, or leave the mask empty to "
         "change what is set"},
        {{"a\nb"},
         "update_mask.paths[0]: \"a\\x0ab\" names no field: Ruled has no field \"a\\x0ab\""},
        {{"x", "revision"},
         "update_mask.paths[0]: \"x\" names no field: Ruled has no field \"x\"\n"
         "update_mask.paths[1]: \"revision\" cannot be changed: revision is set by the server"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(apply(R"({"title":"old","owner":"me","item":{"name":"a","kind":"k"}})",
                        R"({"title":"new","owner":"you","item":{"name":"b","kind":"l"}})",
                        row.paths),
                  row.violation);
        EXPECT_EQ(reason(), "INVALID_FIELD");
    }
}

TEST_F(MaskTest, AnImmutableFieldMayBeRepeated)
{
    EXPECT_EQ(apply(R"({"owner":"me","item":{"kind":"k"}})",
                    R"({"owner":"me","title":"t","item":{"kind":"k","name":"n"}})", {}),
              R"({"title":"t","owner":"me","item":{"name":"n","kind":"k"}})");
    EXPECT_EQ(apply(R"({"owner":"me"})", R"({"owner":"you"})", {}),
              "owner: \"owner\" would change the field owner, which is fixed at creation");
}

TEST(MaskFault, AnExhaustedArenaChangesNothing)
{
    pv_arena *arena = pv_arena_create(1 << 16), *error_arena = pv_arena_create(1 << 16);
    ProtobufCMessage *source = nullptr;
    pv_error error;
    pv_error_init(&error, error_arena);
    ASSERT_TRUE(pv_is_ok(
        pv_json_read(&pt_ruled__info,
                     pv_view_text(R"({"title":"new","items":[{"name":"x"}],"item":{"name":"n"}})"),
                     nullptr, arena, &error, &source)));
    bool applied = false;
    for (size_t ceiling = 16; !applied; ceiling += 16) {
        pv_arena *small = pv_arena_create(ceiling);
        pv_error_init(&error, error_arena);
        pt_ruled target = PT_RULED__INIT;
        applied = pv_is_ok(pv_mask_apply(&pt_ruled__info, nullptr, 0, "update_mask", source, small,
                                         &error, &target.base));
        if (!applied) {
            ASSERT_STREQ(error.reason->name, "ARENA_EXHAUSTED");
            ASSERT_STREQ(target.title, "");
        }
        pv_arena_destroy(small);
    }
    pv_arena_destroy(arena);
    pv_arena_destroy(error_arena);
}

} // namespace
