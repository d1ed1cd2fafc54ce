# A room is one folder of lib/ (or server/): a static library named after it. Includes are written "room/header.h".
#   tryon_room(mesh SOURCES mesh.c bvh.c DEPS math base LIBS PkgConfig::X)
function(tryon_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_library(room_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(room_${name} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  foreach(dep IN LISTS ROOM_DEPS)
    target_link_libraries(room_${name} PUBLIC room_${dep})
  endforeach()
  target_link_libraries(room_${name} PUBLIC ${ROOM_LIBS} m)
endfunction()

# One test program: tryon_test(mesh_bvh SOURCES test_bvh.c DEPS mesh LIBS …). It prints "N passed, N failed".
function(tryon_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;DEPS;LIBS;DEFINES" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/lib)
  foreach(dep IN LISTS TEST_DEPS)
    target_link_libraries(test_${name} PRIVATE room_${dep})
  endforeach()
  target_link_libraries(test_${name} PRIVATE ${TEST_LIBS} m)
  target_compile_definitions(test_${name} PRIVATE
    FIXTURES="${PROJECT_SOURCE_DIR}/tests/fixtures" ASSETS="${PROJECT_SOURCE_DIR}/build/assets"
    SOURCE_ROOT="${PROJECT_SOURCE_DIR}" ${TEST_DEFINES})
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600
    ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
endfunction()

# One fuzz target: tryon_fuzz(npz SOURCES fuzz_npz.c DEPS arrays). With TRYON_FUZZ it is a libFuzzer program, otherwise
# a replayer that ctest runs over fuzz/corpus/<name>.
function(tryon_fuzz name)
  cmake_parse_arguments(FUZZ "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  if(TRYON_FUZZ)
    add_executable(fuzz_${name} ${FUZZ_SOURCES})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(fuzz_${name} ${FUZZ_SOURCES} ${PROJECT_SOURCE_DIR}/fuzz/replay.c)
    add_test(NAME fuzz_replay_${name} COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
    set_tests_properties(fuzz_replay_${name} PROPERTIES TIMEOUT 300)
  endif()
  foreach(dep IN LISTS FUZZ_DEPS)
    target_link_libraries(fuzz_${name} PRIVATE room_${dep})
  endforeach()
  target_link_libraries(fuzz_${name} PRIVATE ${FUZZ_LIBS} m)
endfunction()
