# iro_flatbuffers(TARGET SCHEMAS a.fbs ...): a C++ header schemas/<name>_generated.h and the reflection data
# <name>.bfbs (comments and our attributes kept) of each schema. The list of .bfbs files is left in TARGET_bfbs.
# Debian's flatbuffers has no CMake helper of its own.
function(iro_flatbuffers target)
  cmake_parse_arguments(ARG "" "" "SCHEMAS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/generated/schemas)
  set(outputs)
  set(all_bfbs)
  foreach(schema IN LISTS ARG_SCHEMAS)
    cmake_path(GET schema STEM name)
    set(header ${out}/${name}_generated.h)
    set(bfbs ${out}/${name}.bfbs)
    add_custom_command(
      OUTPUT ${header} ${bfbs}
      COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums --gen-mutable -o ${out} -I ${CMAKE_SOURCE_DIR}/schemas ${schema}
      COMMAND ${FLATC} --schema -b --bfbs-comments -o ${out} -I ${CMAKE_SOURCE_DIR}/schemas ${schema}
      DEPENDS ${schema} ${CMAKE_SOURCE_DIR}/schemas/common.fbs
      COMMENT "flatc ${name}.fbs" VERBATIM)
    list(APPEND outputs ${header} ${bfbs})
    list(APPEND all_bfbs ${bfbs})
  endforeach()
  add_custom_target(${target}_files DEPENDS ${outputs})
  add_dependencies(iro_generated ${target}_files)
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_files)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/generated)
  set(${target}_bfbs ${all_bfbs} PARENT_SCOPE)
endfunction()
