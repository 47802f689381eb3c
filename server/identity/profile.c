#include "server/identity/profile.h"

#include "base/status.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

/* What stands in the extensions of each kind. */
typedef struct extension_set {
    bool authority;
    int path_length; /* of an authority */
    int key_usage;   /* KU_* bits of the first octet */
    int purpose;     /* NID of the extended key usage; NID_undef: none */
} extension_set;

static const extension_set extension_sets[] = {
    [PV_PROFILE_ROOT] = {true, 1, KU_KEY_CERT_SIGN | KU_CRL_SIGN, NID_undef},
    [PV_PROFILE_ISSUING] = {true, 0, KU_KEY_CERT_SIGN | KU_CRL_SIGN, NID_client_auth},
    [PV_PROFILE_CLIENT] = {false, 0, KU_DIGITAL_SIGNATURE, NID_client_auth},
    [PV_PROFILE_SERVER_ROOT] = {true, 0, KU_KEY_CERT_SIGN | KU_CRL_SIGN, NID_undef},
    [PV_PROFILE_SERVER] = {false, 0, KU_DIGITAL_SIGNATURE, NID_server_auth},
};

static bool is_root(const pv_profile *profile)
{
    return profile->kind == PV_PROFILE_ROOT || profile->kind == PV_PROFILE_SERVER_ROOT;
}

static bool add(X509 *certificate, int nid, void *value, bool critical)
{
    return value != NULL &&
           X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

static bool add_basic_constraints(X509 *certificate, const extension_set *set)
{
    BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    bool done = constraints != NULL;
    if (done && set->authority) {
        constraints->ca =
            0xff; /* DER demands all bits of TRUE (X.690, 11.1); OpenSSL writes this byte as it is */
        constraints->pathlen = ASN1_INTEGER_new();
        done = constraints->pathlen != NULL &&
               ASN1_INTEGER_set(constraints->pathlen, set->path_length) == 1;
    }
    done = done && add(certificate, NID_basic_constraints, constraints, true);
    BASIC_CONSTRAINTS_free(constraints);
    return done;
}

static bool add_key_usage(X509 *certificate, const extension_set *set)
{
    ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    bool done = usage != NULL;
    for (int bit = 0; done && bit < 8; bit++) {
        if ((set->key_usage & (0x80 >> bit)) != 0) {
            done = ASN1_BIT_STRING_set_bit(usage, bit, 1) == 1;
        }
    }
    done = done && add(certificate, NID_key_usage, usage, true);
    ASN1_BIT_STRING_free(usage);
    return done;
}

static bool add_purpose(X509 *certificate, const extension_set *set)
{
    if (set->purpose == NID_undef) { return true; }
    EXTENDED_KEY_USAGE *purposes = sk_ASN1_OBJECT_new_null();
    bool done = purposes != NULL && sk_ASN1_OBJECT_push(purposes, OBJ_nid2obj(set->purpose)) > 0 &&
                add(certificate, NID_ext_key_usage, purposes, false);
    sk_ASN1_OBJECT_pop_free(purposes, ASN1_OBJECT_free);
    return done;
}

/* Method 1 of RFC 5280, 4.2.1.2: the SHA-1 of the key bits. It names the key and protects nothing. */
static ASN1_OCTET_STRING *key_identifier(const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ASN1_OCTET_STRING *identifier = ASN1_OCTET_STRING_new();
    if (identifier == NULL || X509_pubkey_digest(certificate, EVP_sha1(), digest, &size) != 1 ||
        ASN1_OCTET_STRING_set(identifier, digest, (int)size) != 1) {
        ASN1_OCTET_STRING_free(identifier);
        return NULL;
    }
    return identifier;
}

static bool add_key_identifiers(X509 *certificate, const pv_profile *profile)
{
    ASN1_OCTET_STRING *own = key_identifier(certificate);
    bool done = add(certificate, NID_subject_key_identifier, own, false);
    ASN1_OCTET_STRING_free(own);
    if (!done || is_root(profile)) { return done; }
    AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
    if (authority == NULL) { return false; }
    authority->keyid = key_identifier(profile->issuer);
    done = authority->keyid != NULL &&
           add(certificate, NID_authority_key_identifier, authority, false);
    AUTHORITY_KEYID_free(authority);
    return done;
}

static GENERAL_NAME *general_name(int type, const void *data, size_t size)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value =
        ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
    if (name == NULL || value == NULL || ASN1_STRING_set(value, data, (int)size) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, type, value);
    return name;
}

bool pv_profile_is_name(const char *text, size_t size_max)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        bool inner = i > 0 && i + 1 < size && text[i - 1] != '.' && text[i + 1] != '.';
        bool plain = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9');
        if (!plain && !(inner && (text[i] == '-' || text[i] == '.'))) { return false; }
    }
    return size > 0 && size <= size_max;
}

bool pv_profile_is_address(const char *text)
{
    uint8_t address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static GENERAL_NAME *host_name(const char *host)
{
    uint8_t address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1) {
        return general_name(GEN_IPADD, address, sizeof(struct in_addr));
    }
    if (inet_pton(AF_INET6, host, address) == 1) {
        return general_name(GEN_IPADD, address, sizeof(struct in6_addr));
    }
    return general_name(GEN_DNS, host, strlen(host));
}

static bool push_name(GENERAL_NAMES *names, GENERAL_NAME *name)
{
    if (name != NULL && sk_GENERAL_NAME_push(names, name) > 0) { return true; }
    GENERAL_NAME_free(name);
    return false;
}

static bool add_names(X509 *certificate, const pv_profile *profile)
{
    if (profile->kind != PV_PROFILE_CLIENT && profile->kind != PV_PROFILE_SERVER) { return true; }
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool done = names != NULL;
    if (profile->kind == PV_PROFILE_CLIENT) {
        done = done && push_name(names, general_name(GEN_URI, profile->uri, strlen(profile->uri)));
    } else {
        for (size_t i = 0; done && i < profile->host_count; i++) {
            done = push_name(names, host_name(profile->hosts[i]));
        }
    }
    done = done && add(certificate, NID_subject_alt_name, names, false);
    GENERAL_NAMES_free(names);
    return done;
}

static bool add_name_constraint(X509 *certificate, const pv_profile *profile)
{
    if (profile->kind != PV_PROFILE_ISSUING) { return true; }
    NAME_CONSTRAINTS *constraints = NAME_CONSTRAINTS_new();
    GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
    GENERAL_NAME *base =
        general_name(GEN_URI, profile->trust_domain, strlen(profile->trust_domain));
    bool done = constraints != NULL && subtree != NULL && base != NULL;
    if (done) {
        GENERAL_NAME_free(subtree->base);
        subtree->base = base;
        base = NULL;
        constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
        done = constraints->permittedSubtrees != NULL &&
               sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree) > 0;
        if (done) { subtree = NULL; }
    }
    done = done && add(certificate, NID_name_constraints, constraints, true);
    GENERAL_NAME_free(base);
    GENERAL_SUBTREE_free(subtree);
    NAME_CONSTRAINTS_free(constraints);
    return done;
}

static bool set_time(ASN1_TIME *field, pv_time time)
{
    return ASN1_TIME_set(field, (time_t)(time.utc_ns / PV_NS_PER_S)) != NULL;
}

static bool set_serial(X509 *certificate, const uint8_t serial[PV_SERIAL_SIZE])
{
    BIGNUM *number = BN_bin2bn(serial, PV_SERIAL_SIZE, NULL);
    bool done =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static bool set_names(X509 *certificate, const pv_profile *profile)
{
    X509_NAME *subject = X509_NAME_new();
    bool done =
        subject != NULL &&
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)profile->common_name, -1, -1, 0) == 1 &&
        X509_set_subject_name(certificate, subject) == 1;
    X509_NAME_free(subject);
    const X509 *issuer = is_root(profile) ? certificate : profile->issuer;
    return done && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1;
}

/* Ed25519 brings its own digest; P-384 gets one of its strength. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) { return NULL; }
    return EVP_PKEY_get_bits(key) == 384 ? EVP_sha384() : EVP_sha256();
}

X509 *pv_profile_make(const pv_profile *profile)
{
    PV_ASSERT((size_t)profile->kind < sizeof extension_sets / sizeof extension_sets[0]);
    PV_ASSERT(is_root(profile) == (profile->issuer == NULL));
    PV_ASSERT(profile->serial[0] > 0);
    PV_ASSERT(profile->serial[0] < 0x80);
    const extension_set *set = &extension_sets[profile->kind];
    EVP_PKEY *signing_key = is_root(profile) ? profile->key : profile->issuer_key;
    X509 *certificate = X509_new();
    bool done = certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
                set_serial(certificate, profile->serial) && set_names(certificate, profile) &&
                set_time(X509_getm_notBefore(certificate), profile->not_before) &&
                set_time(X509_getm_notAfter(certificate), profile->not_after) &&
                X509_set_pubkey(certificate, profile->key) == 1 &&
                add_basic_constraints(certificate, set) && add_key_usage(certificate, set) &&
                add_purpose(certificate, set) && add_key_identifiers(certificate, profile) &&
                add_names(certificate, profile) && add_name_constraint(certificate, profile) &&
                X509_sign(certificate, signing_key, digest_for(signing_key)) > 0;
    /* A signature that a hardware fault spoiled can give the key away: it never leaves unchecked. */
    done = done && X509_verify(certificate, signing_key) == 1;
    if (!done) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}
