# Compiler flags of the whole tree. -ffp-contract=off: the same bytes on every run and every thread count.
add_compile_options(
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
  $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation> # a sentence or path cut to its fixed size is what snprintf is asked for
  -ffp-contract=off -fno-strict-aliasing -fvisibility=hidden)
add_compile_definitions(_GNU_SOURCE)

if(TRYON_SANITIZE) # of debugging, a finding wants lines; variables cost a fifth of the compiling
  add_compile_options(-fsanitize=${TRYON_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=${TRYON_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-O3 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection)
  endif()
  add_link_options(-Wl,-z,relro,-z,now)
endif()
if(TRYON_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link) # coverage of the rooms guides the fuzzer
endif()
# Asserts catch a caller's bug; they stay on in what we ship.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "")
