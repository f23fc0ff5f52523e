# iro_flatbuffers(TARGET SCHEMAS a.fbs ...): C++ headers <name>_generated.h for each schema, and the
# .bfbs (comments and our attributes kept) embedded as <name>_bfbs_generated.h. Debian's flatbuffers
# has no CMake helper of its own.
function(iro_flatbuffers target)
  cmake_parse_arguments(ARG "" "" "SCHEMAS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/generated/schemas)
  set(outputs)
  foreach(schema IN LISTS ARG_SCHEMAS)
    cmake_path(GET schema STEM name)
    set(header ${out}/${name}_generated.h)
    set(bfbs ${out}/${name}.bfbs)
    add_custom_command(
      OUTPUT ${header} ${bfbs}
      COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums --gen-mutable -o ${out} -I ${CMAKE_SOURCE_DIR}/schemas ${schema}
      COMMAND ${FLATC} --schema -b --bfbs-comments --bfbs-builtins -o ${out} -I ${CMAKE_SOURCE_DIR}/schemas ${schema}
      DEPENDS ${schema} ${CMAKE_SOURCE_DIR}/schemas/common.fbs
      COMMENT "flatc ${name}.fbs" VERBATIM)
    list(APPEND outputs ${header} ${bfbs})
  endforeach()
  add_custom_target(${target}_files DEPENDS ${outputs})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_files)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/generated)
endfunction()
