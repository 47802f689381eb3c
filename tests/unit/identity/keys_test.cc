// The caller's private key: made once, readable by its owner alone; and a request that our own reader accepts.
#include "client/cli/keys.h"

#include "server/identity/csr.h"
#include "tests/unit/identity/crypto.h"

#include <sys/stat.h>

namespace purvey {
namespace {

TEST(Keys, AKeyIsMadeOnceWithMode0600)
{
    Folder folder;
    Memory memory;
    std::string path = folder.File("me.key");
    ASSERT_TRUE(pv_is_ok(pv_keys_create(path.c_str(), &memory.error))) << memory.Message();
    struct stat about = {};
    ASSERT_EQ(stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0600u);
    std::string before = folder.Read("me.key");
    EXPECT_EQ(pv_keys_create(path.c_str(), &memory.error).code, PV_CODE_FAILED_PRECONDITION);
    EXPECT_EQ(memory.Reason(), "FILE_UNWRITTEN");
    EXPECT_NE(memory.Message().find("File exists"), std::string::npos);
    EXPECT_EQ(folder.Read("me.key"), before);
}

TEST(Keys, TheRequestIsOneThatTheAuthoritySigns)
{
    Folder folder;
    Memory memory;
    std::string path = folder.File("me.key");
    char *csr = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_keys_create(path.c_str(), &memory.error)));
    ASSERT_TRUE(pv_is_ok(pv_keys_request(path.c_str(), memory.arena, &memory.error, &csr)))
        << memory.Message();
    EVP_PKEY *key = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_csr_read(pv_view_text(csr), &memory.error, &key))) << memory.Message();
    char curve[64] = "";
    EXPECT_EQ(EVP_PKEY_get_group_name(key, curve, sizeof curve, nullptr), 1);
    EXPECT_STREQ(curve, "prime256v1");
    EVP_PKEY_free(key);
}

TEST(Keys, AKeyThatOthersMayReadIsRefused)
{
    Folder folder;
    Memory memory;
    std::string path = folder.File("me.key");
    char *csr = nullptr;
    ASSERT_TRUE(pv_is_ok(pv_keys_create(path.c_str(), &memory.error)));
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
    EXPECT_FALSE(pv_is_ok(pv_keys_request(path.c_str(), memory.arena, &memory.error, &csr)));
    EXPECT_NE(memory.Message().find("mode 0644"), std::string::npos) << memory.Message();
}

TEST(Keys, AMissingOrForeignFileIsNamed)
{
    Folder folder;
    char *csr = nullptr;
    Memory missing;
    EXPECT_FALSE(pv_is_ok(
        pv_keys_request(folder.File("no.key").c_str(), missing.arena, &missing.error, &csr)));
    EXPECT_NE(missing.Message().find("no.key"), std::string::npos);
    Memory foreign;
    folder.Write("bad.key", "hello\n", 0600);
    EXPECT_FALSE(pv_is_ok(
        pv_keys_request(folder.File("bad.key").c_str(), foreign.arena, &foreign.error, &csr)));
    EXPECT_NE(foreign.Message().find("read a private key from"), std::string::npos);
}

} // namespace
} // namespace purvey
