# iro_add_plugin(NAME SOURCES rule.cpp ... [MANIFEST plugin.toml] [SCHEMAS own.fbs ...] [TESTS rule_test.cpp ...]
#                [SCENARIOS holds.scenario ...] [LIBRARIES ...] [LABELS more labels of its tests ...])
#
# The same in this project and, after find_package(iro), in any other. It makes
#   NAME          the shared object, in <build>/plugins/NAME/ beside its completed plugin.toml: that folder is the plugin
#   NAME_static   the static twin: the same objects, to link into a test program (iro/testing.hpp)
#   NAME_test     when TESTS are given: a test program of them and the twin
# and the tests NAME.unit and, where iro-plugin is there, NAME.check and NAME.scenario.X. plugin.toml is compared with the
# source while that is compiled (IRO_PLUGIN). SCHEMAS become <iro/events/own.hpp>, and own.bfbs in the plugin's folder.
set(IRO_PLUGIN_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/plugin)

# iro_event_headers(OUT_LIST FOLDER INCLUDES schema.fbs ...): generate iro/events/*.hpp of the schemas under FOLDER.
function(iro_event_headers out_list folder includes)
  set(outputs)
  foreach(schema IN LISTS ARGN)
    cmake_path(GET schema STEM name)
    set(generated ${folder}/iro/events/${name}_generated.h)
    set(traits ${folder}/iro/events/${name}.hpp)
    add_custom_command(
      OUTPUT ${generated} ${traits}
      COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums --gen-object-api --include-prefix iro/events
              -o ${folder}/iro/events -I ${includes} ${schema}
      COMMAND ${CMAKE_COMMAND} -DIN=${schema} -DOUT=${traits} -P ${IRO_PLUGIN_SCRIPTS}/event_headers.cmake
      DEPENDS ${schema} ${includes}/common.fbs ${IRO_PLUGIN_SCRIPTS}/event_headers.cmake
      COMMENT "iro/events/${name}.hpp" VERBATIM)
    list(APPEND outputs ${generated} ${traits})
  endforeach()
  set(${out_list} ${outputs} PARENT_SCOPE)
endfunction()

function(iro_add_plugin name)
  cmake_parse_arguments(ARG "" "MANIFEST" "SOURCES;SCHEMAS;TESTS;SCENARIOS;LIBRARIES;LABELS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
    message(FATAL_ERROR "iro_add_plugin(${name} SOURCES rule.cpp ...): no sources, or not understood: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_MANIFEST)
    set(ARG_MANIFEST plugin.toml)
  endif()
  cmake_path(ABSOLUTE_PATH ARG_MANIFEST BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT EXISTS ${ARG_MANIFEST})
    message(FATAL_ERROR "iro_add_plugin(${name}): there is no ${ARG_MANIFEST}")
  endif()
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${name}.generated)
  set(folder ${CMAKE_BINARY_DIR}/plugins/${name})

  # plugin.toml, as the source sees it
  set(header ${generated}/${name}_manifest.hpp)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -DIN=${ARG_MANIFEST} -DOUT=${header} -P ${IRO_PLUGIN_SCRIPTS}/manifest_header.cmake
    DEPENDS ${ARG_MANIFEST} ${IRO_PLUGIN_SCRIPTS}/manifest_header.cmake
    COMMENT "${name}: read plugin.toml" VERBATIM)

  # the event types that the plugin brings
  set(own_headers)
  set(own_bfbs)
  foreach(schema IN LISTS ARG_SCHEMAS)
    cmake_path(ABSOLUTE_PATH schema BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    iro_event_headers(headers ${generated} ${IRO_SCHEMA_DIR} ${schema})
    list(APPEND own_headers ${headers})
    cmake_path(GET schema STEM stem)
    add_custom_command(
      OUTPUT ${folder}/${stem}.bfbs
      COMMAND ${FLATC} --schema -b --bfbs-comments -o ${folder} -I ${IRO_SCHEMA_DIR} ${schema}
      DEPENDS ${schema} ${IRO_SCHEMA_DIR}/common.fbs
      COMMENT "${name}: ${stem}.bfbs" VERBATIM)
    list(APPEND own_bfbs ${folder}/${stem}.bfbs)
  endforeach()
  add_custom_target(${name}_files DEPENDS ${header} ${own_headers} ${own_bfbs})
  if(TARGET iro_generated)
    add_dependencies(iro_generated ${name}_files)
  endif()

  # Compiled once, for the object and for its twin; what is said of the target NAME afterwards holds for it, too.
  add_library(${name}_objects OBJECT ${ARG_SOURCES})
  add_dependencies(${name}_objects ${name}_files)
  target_link_libraries(${name}_objects PRIVATE iro::sdk ${ARG_LIBRARIES} $<TARGET_NAME_IF_EXISTS:iro_warnings>)
  target_include_directories(${name}_objects PRIVATE $<TARGET_PROPERTY:${name},INCLUDE_DIRECTORIES>)
  target_include_directories(${name}_objects SYSTEM PRIVATE ${generated})
  target_compile_definitions(${name}_objects PRIVATE
    IRO_PLUGIN_MANIFEST="${header}" $<TARGET_PROPERTY:${name},COMPILE_DEFINITIONS>)
  target_compile_options(${name}_objects PRIVATE $<TARGET_PROPERTY:${name},COMPILE_OPTIONS>)
  # The same bits wherever it is built: no folder of the build in messages.
  target_compile_options(${name}_objects PRIVATE
    -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=.)
  set_target_properties(${name}_objects PROPERTIES
    POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  add_library(${name} MODULE $<TARGET_OBJECTS:${name}_objects>)
  target_link_libraries(${name} PRIVATE iro::sdk ${ARG_LIBRARIES} $<TARGET_NAME_IF_EXISTS:iro_warnings>)
  add_library(${name}_static STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${name}_objects>)
  target_link_libraries(${name}_static PUBLIC iro::sdk PRIVATE ${ARG_LIBRARIES})
  target_include_directories(${name}_static SYSTEM PUBLIC ${generated})
  set_target_properties(${name} ${name}_static PROPERTIES LINKER_LANGUAGE CXX)

  # One symbol leaves the object, and nothing that it needs is missing: the host would only find out when it is running.
  # (Under a sanitizer something is: its own run-time library.)
  if(NOT IRO_SANITIZE AND NOT "${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize")
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  target_link_options(${name} PRIVATE -Wl,-z,relro,-z,now,-z,noexecstack
    -Wl,--version-script=${IRO_PLUGIN_SCRIPTS}/exports.map)
  set_target_properties(${name} PROPERTIES
    PREFIX "" OUTPUT_NAME ${name} LIBRARY_OUTPUT_DIRECTORY ${folder}
    SKIP_BUILD_RPATH ON INSTALL_RPATH "" LINK_DEPENDS "${ARG_MANIFEST};${IRO_PLUGIN_SCRIPTS}/seal.cmake;${IRO_PLUGIN_SCRIPTS}/exports.map")
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DIN=${ARG_MANIFEST} -DOBJECT=$<TARGET_FILE:${name}> -DOUT=${folder}/plugin.toml
            -P ${IRO_PLUGIN_SCRIPTS}/seal.cmake
    VERBATIM)

  if(ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE ${name}_static ${ARG_LIBRARIES} $<TARGET_NAME_IF_EXISTS:iro_warnings>)
    add_test(NAME ${name}.unit COMMAND ${name}_test)
    set_tests_properties(${name}.unit PROPERTIES LABELS "plugins;${ARG_LABELS}" TIMEOUT 120)
  endif()
  # iro-plugin comes with the SDK; what it looks at is the folder as it would be handed to an operator.
  if(TARGET iro-plugin OR IRO_PLUGIN_PROGRAM)
    set(program ${IRO_PLUGIN_PROGRAM})
    if(TARGET iro-plugin)
      set(program $<TARGET_FILE:iro-plugin>)
    endif()
    add_test(NAME ${name}.check COMMAND ${program} check ${folder})
    set_tests_properties(${name}.check PROPERTIES LABELS "plugins;${ARG_LABELS}" TIMEOUT 120)
    foreach(scenario IN LISTS ARG_SCENARIOS)
      cmake_path(ABSOLUTE_PATH scenario BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
      cmake_path(GET scenario STEM stem)
      add_test(NAME ${name}.scenario.${stem} COMMAND ${program} test ${folder} ${scenario})
      set_tests_properties(${name}.scenario.${stem} PROPERTIES LABELS "plugins;${ARG_LABELS}" TIMEOUT 120)
    endforeach()
  endif()
endfunction()
