# cmake -DIN=plugin.toml -DOUT=iro_manifest.hpp -P manifest_header.cmake
# What the source of a plugin must know of its plugin.toml, as a header: IRO_PLUGIN compares the handlers with it, and takes
# id and version from it. This reads as much of TOML as plugin.toml needs (one-line texts in double quotes, numbers,
# booleans, lists of them); the host reads it in full and is the judge of it.
cmake_minimum_required(VERSION 3.25)
file(READ ${IN} text)
if(text MATCHES "\"\"\"|'''")
  message(FATAL_ERROR "${IN}: write texts on one line, in double quotes")
endif()

# What CMake's lists would trip over is replaced, comments are taken off, lists over several lines are joined.
string(ASCII 1 SEMICOLON)
string(ASCII 2 OPEN)
string(ASCII 3 CLOSE)
string(REPLACE ";" "${SEMICOLON}" text "${text}")
string(REPLACE "[" "${OPEN}" text "${text}")
string(REPLACE "]" "${CLOSE}" text "${text}")
string(REPLACE "\n" ";" lines "${text}")
set(text "\n")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "^([^\"#]*(\"[^\"]*\"[^\"#]*)*)#.*$" "\\1" line "${line}")
  string(STRIP "${line}" line)
  if(NOT line STREQUAL "")
    string(APPEND text "${line}\n")
  endif()
endforeach()
string(REGEX REPLACE "${OPEN}\n" "${OPEN}" text "${text}")
string(REGEX REPLACE ",\n" ", " text "${text}")
string(REGEX REPLACE "\n${CLOSE}" "${CLOSE}" text "${text}")

set(section "")
set(id "")
set(version "")
set(abi "")
set(judges "")
set(reacts "")
set(emits "")
set(views "")
set(defaults "")
string(REPLACE "\n" ";" lines "${text}")
foreach(line IN LISTS lines)
  if(line STREQUAL "")
    continue()
  endif()
  if(line MATCHES "^${OPEN}+([a-z0-9_.]+)${CLOSE}+$")
    set(section "${CMAKE_MATCH_1}")
    continue()
  endif()
  if(NOT line MATCHES "^([a-z0-9_]+) *= *(.*)$")
    string(REPLACE "${OPEN}" "[" line "${line}")
    string(REPLACE "${CLOSE}" "]" line "${line}")
    message(FATAL_ERROR "${IN}: not understood: ${line}")
  endif()
  set(key "${CMAKE_MATCH_1}")
  set(value "${CMAKE_MATCH_2}")
  if(section STREQUAL "plugin" AND key MATCHES "^(id|version|abi)$")
    string(REGEX REPLACE "^\"([^\"]*)\"$" "\\1" ${key} "${value}")
  elseif(section STREQUAL "events" AND key MATCHES "^(judges|reacts|emits)$")
    string(REGEX MATCHALL "\"[^\"]*\"" ${key} "${value}")
  elseif(section STREQUAL "view" AND key STREQUAL "name")
    list(APPEND views "${value}")
  elseif(section MATCHES "^config\\.([a-z0-9_]+)$" AND key STREQUAL "default")
    set(setting "${CMAKE_MATCH_1}")
    if(NOT value MATCHES "^(\"[^\"]*\"|true|false|[+-]?[0-9]+(\\.[0-9]+)?|${OPEN}.*${CLOSE})$")
      message(FATAL_ERROR "${IN}: the default of [config.${setting}] is a number, a \"text\", true, false, or a list of these")
    endif()
    string(REGEX REPLACE ", *${CLOSE}$" "${CLOSE}" value "${value}")
    string(REGEX REPLACE "^\\+" "" value "${value}")
    list(APPEND defaults "\"${setting}\": ${value}")
  endif()
endforeach()
foreach(key id version abi)
  if("${${key}}" STREQUAL "")
    message(FATAL_ERROR "${IN}: [plugin] has no ${key} = \"...\"")
  endif()
endforeach()

if(NOT abi MATCHES "^([0-9]+)\\.([0-9]+)$")
  message(FATAL_ERROR "${IN}: abi is two numbers: \"1.0\"")
endif()
set(abi_major ${CMAKE_MATCH_1})
set(abi_minor ${CMAKE_MATCH_2})

set(arrays "")
foreach(name judges reacts emits views)
  list(LENGTH ${name} count)
  list(JOIN ${name} ", " items)
  string(APPEND arrays "  static constexpr std::array<std::string_view, ${count}> ${name}{${items}};\n")
endforeach()
list(JOIN defaults ", " defaults)
set(content "// What the source must know of plugin.toml. Written by manifest_header.cmake: do not edit.
#pragma once

#include <array>
#include <string_view>

namespace {
struct iro_plugin_manifest {
  static constexpr bool there = true;
  static constexpr const char* id = \"${id}\";
  static constexpr const char* version = \"${version}\";
  static constexpr unsigned abi_major = ${abi_major};
  static constexpr unsigned abi_minor = ${abi_minor};
${arrays}  static constexpr std::string_view defaults = R\"json({${defaults}})json\";
};
}  // namespace
")
string(REPLACE "${SEMICOLON}" ";" content "${content}")
string(REPLACE "${OPEN}" "[" content "${content}")
string(REPLACE "${CLOSE}" "]" content "${content}")
file(WRITE ${OUT} "${content}")
