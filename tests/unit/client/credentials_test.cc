// Keys and certificates of a profile: made in steps that can be repeated after a crash at any point.
#include "client/cli/credentials.h"

#include "base/arena.h"
#include "client/cli/keys.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace {

std::string content_of(const std::string &path)
{
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// A certificate of the key in a file, by itself.
std::string certify(const std::string &key_path)
{
    pv_error error;
    pv_arena *arena = pv_arena_create(1 << 20);
    pv_error_init(&error, arena);
    EVP_PKEY *key = nullptr;
    EXPECT_TRUE(pv_is_ok(pv_keys_read(key_path.c_str(), &error, &key)));
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 7);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char *>("crt_test"), -1, -1, 0);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char *data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    pv_arena_destroy(arena);
    return pem;
}

class Credentials : public testing::Test {
  protected:
    void SetUp() override
    {
        base = testing::TempDir() + "credentials_test_" + std::to_string(getpid());
        std::filesystem::remove_all(base);
        setenv("XDG_CONFIG_HOME", base.c_str(), 1);
        pv_error_init(&error, arena);
        pv_config *config = nullptr;
        ASSERT_TRUE(pv_is_ok(pv_config_read(arena, &error, &config)));
        ASSERT_TRUE(pv_is_ok(pv_credentials_open(&keys, arena, config, "acme", &error)));
    }
    ~Credentials() override
    {
        pv_credentials_close(&keys);
        pv_arena_destroy(arena);
    }
    std::string path(const std::string &name) const
    {
        return base + "/purvey/profiles/acme/" + name;
    }
    pv_credential start()
    {
        pv_credential made = {};
        EXPECT_TRUE(pv_is_ok(pv_credentials_begin(&keys, &error, &made)))
            << (error.message == nullptr ? "" : error.message);
        return made;
    }
    // All steps.
    pv_credential make()
    {
        pv_credential made = start();
        pv_keypair pair = {};
        EXPECT_TRUE(pv_is_ok(pv_credentials_complete(&keys, &made, certify(made.key_path).c_str(),
                                                     "", &error, &pair)));
        EXPECT_STREQ(pair.id, "crt_test");
        EXPECT_TRUE(pv_is_ok(pv_credentials_use(&keys, &made, &error)));
        EXPECT_TRUE(pv_is_ok(pv_credentials_finish(&keys, &made, &error)));
        return made;
    }
    std::string base;
    pv_arena *arena = pv_arena_create(64 << 20);
    pv_error error = {};
    pv_credentials keys = {};
};

TEST_F(Credentials, KeysAreForNobodyElse)
{
    pv_credential made = start();
    struct stat about = {};
    ASSERT_EQ(stat(made.key_path, &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
    for (const char *folder : {"", "1"}) {
        ASSERT_EQ(stat(path(folder).c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 0777, 0700U) << folder;
    }
}

TEST_F(Credentials, UntilItIsFinishedTheSamePairIsMadeOn)
{
    const std::string request = start().csr_pem;
    pv_credential made = start();
    EXPECT_EQ(made.csr_pem, request);
    const std::string certificate = certify(made.key_path);
    pv_keypair pair = {};
    ASSERT_TRUE(
        pv_is_ok(pv_credentials_complete(&keys, &made, certificate.c_str(), "", &error, &pair)));
    EXPECT_EQ(start().csr_pem, request) << "after the certificate was written";
    ASSERT_TRUE(pv_is_ok(pv_credentials_use(&keys, &made, &error)));
    EXPECT_EQ(start().csr_pem, request) << "after it was taken into use";
    ASSERT_TRUE(pv_is_ok(pv_credentials_finish(&keys, &made, &error)));
    EXPECT_NE(start().csr_pem, request);
    EXPECT_EQ(content_of(path("current/certificate.pem")), certificate);
}

TEST_F(Credentials, APairInUseThatDiedUnfinishedCanBeSettled)
{
    pv_credential made = make();
    EXPECT_FALSE(pv_credentials_are_unfinished(&keys));
    std::ofstream(path("1/request.pem")) << "-----END";
    EXPECT_TRUE(pv_credentials_are_unfinished(&keys));
    ASSERT_TRUE(pv_is_ok(pv_credentials_settle(&keys, &error)));
    EXPECT_FALSE(pv_credentials_are_unfinished(&keys));
    EXPECT_EQ(start().number, made.number + 1);
    EXPECT_TRUE(pv_is_ok(pv_credentials_settle(&keys, &error))) << "another one is being made";
    EXPECT_EQ(start().number, made.number + 1);
}

TEST_F(Credentials, AKeyWithoutItsWholeRequestIsMadeAnew)
{
    pv_credential made = start();
    const std::string request = made.csr_pem;
    std::ofstream(path("1/request.pem")) << request.substr(0, request.size() / 2);
    EXPECT_NE(start().csr_pem, request);
    unlink(path("1/request.pem").c_str());
    std::ofstream(made.key_path) << "half a key";
    made = start();
    EXPECT_EQ(made.number, 1U);
    EXPECT_NE(content_of(made.key_path).find("-----END"), std::string::npos);
}

TEST_F(Credentials, TheRequestIdIsTheSameForTheSameRequestAndTextAlone)
{
    pv_credential made = start();
    char first[PV_UUID_TEXT_SIZE], again[PV_UUID_TEXT_SIZE], other[PV_UUID_TEXT_SIZE];
    pv_credentials_request_id(&made, "secret", first);
    made = start();
    pv_credentials_request_id(&made, "secret", again);
    pv_credentials_request_id(&made, "another", other);
    EXPECT_STREQ(first, again);
    EXPECT_STRNE(first, other);
    EXPECT_EQ(std::string(first).find("secret"), std::string::npos);
    EXPECT_EQ(strlen(first), 36U);
}

TEST_F(Credentials, ACertificateOfAnotherKeyIsRefused)
{
    pv_credential made = start();
    const std::string other = base + "/other.pem";
    ASSERT_TRUE(pv_is_ok(pv_keys_create(other.c_str(), &error)));
    pv_keypair pair = {};
    EXPECT_FALSE(
        pv_is_ok(pv_credentials_complete(&keys, &made, certify(other).c_str(), "", &error, &pair)));
    EXPECT_STREQ(error.reason->name, "KEY_MISMATCH");
}

TEST_F(Credentials, TheCurrentPairChangesInOneInstantAndTheOneBeforeStays)
{
    make();
    const std::string first = content_of(path("current/key.pem"));
    make();
    EXPECT_NE(content_of(path("current/key.pem")), first);
    EXPECT_EQ(content_of(path("1/key.pem")), first);
    make();
    EXPECT_FALSE(std::filesystem::exists(path("1"))) << "only the one before is kept";
    EXPECT_TRUE(std::filesystem::exists(path("2/key.pem")));
    char target[8] = "";
    ASSERT_EQ(readlink(path("current").c_str(), target, sizeof target), 1);
    EXPECT_EQ(target[0], '3');
    EXPECT_FALSE(std::filesystem::exists(path("3/request.pem")));
}

TEST_F(Credentials, OnlyAProfileOfItsOwnFolderIsHeld)
{
    make();
    pv_profile profile = {};
    pv_credentials_fill(&keys, &profile);
    EXPECT_STREQ(profile.key, "profiles/acme/current/key.pem");
    const std::string cert = path("current/certificate.pem"), key = path("current/key.pem");
    profile.cert = cert.c_str();
    profile.key = key.c_str();
    EXPECT_TRUE(pv_credentials_hold(&keys, &profile));
    profile.key = "/elsewhere/key.pem";
    EXPECT_FALSE(pv_credentials_hold(&keys, &profile));
}

TEST_F(Credentials, ErasingLeavesNoKeyBehind)
{
    make();
    make();
    start();
    ASSERT_TRUE(pv_is_ok(pv_credentials_erase(&keys, &error))) << error.message;
    EXPECT_FALSE(std::filesystem::exists(path("")));
}

} // namespace
