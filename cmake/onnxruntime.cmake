# ONNX Runtime: Debian's libonnxruntime-dev where the release has it, else the library inside npm onnxruntime-node with
# the C header inside npm com.github.asus4.onnxruntime (both locked in deps/package-lock.json).
set(DEPS_NPM ${PROJECT_SOURCE_DIR}/deps/node_modules)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(ORT_ARCH arm64)
else()
  set(ORT_ARCH x64)
endif()
find_path(ORT_INCLUDE onnxruntime_c_api.h PATHS /usr/include/onnxruntime /usr/include
  ${DEPS_NPM}/com.github.asus4.onnxruntime/Plugins/iOS~/onnxruntime.xcframework/ios-arm64/onnxruntime.framework/Headers
  NO_DEFAULT_PATH REQUIRED)
find_file(ORT_LIBRARY NAMES libonnxruntime.so libonnxruntime.so.1
  PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE} ${DEPS_NPM}/onnxruntime-node/bin/napi-v6/linux/${ORT_ARCH}
  NO_DEFAULT_PATH REQUIRED)
add_library(onnxruntime SHARED IMPORTED)
set_target_properties(onnxruntime PROPERTIES IMPORTED_LOCATION ${ORT_LIBRARY} IMPORTED_SONAME libonnxruntime.so.1)
# An imported target's headers are system headers: not ours to warn about.
set_target_properties(onnxruntime PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${ORT_INCLUDE})
# An installed program finds the library next to itself, or in lib/ beside its bin/.
list(APPEND CMAKE_INSTALL_RPATH "$ORIGIN" "$ORIGIN/../lib")
