// Tokens: nothing a stranger can write is accepted, for nobody but the test knows the secret.
#include "auth/jwt.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static jwt_verifier *v;
    err e;
    if (!v) {
        v = jwt_new(&(jwt_config){ .hs256_secret = "0123456789abcdef0123456789abcdef" });
        static const char keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"x\":"
                                   "\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","
                                   "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";
        if (!jwt_set_jwks(v, keys, sizeof keys - 1, &e)) abort();
    }
    char *text = mem_new(size + 1, 1);
    memcpy(text, data, size);
    jwt_claims c;
    if (jwt_verify(v, text, 1700000000, &c, &e)) abort();
    mem_free(text);
    // The key set is outside text as well.
    jwt_verifier *w = jwt_new(&(jwt_config){ .hs256_secret = NULL });
    if (!jwt_set_jwks(w, (const char *)data, size, &e) && e.code != ERR_IO) abort();
    jwt_free(w);
    return 0;
}
