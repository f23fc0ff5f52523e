# cmake -DIN=handover.fbs -DOUT=iro/events/handover.hpp -P event_headers.cmake
# Writes what a plugin knows of the event types of a schema: iro::EventTraits of each event table (full name, revision, and
# which fields are the subject and the person). It reads the schema's text; that it reads it right is checked here (no
# event is missed) and by tests/sdk (the same as what the hub's registry says of every type).
cmake_minimum_required(VERSION 3.25)
cmake_path(GET IN STEM name)
file(READ ${IN} text)
# Comments are taken off; what CMake's lists would trip over is replaced.
string(REGEX REPLACE "//[^\n]*" "" text "${text}")
string(REPLACE ";" "|" text "${text}")
string(REPLACE "[" "<" text "${text}")
string(REPLACE "]" ">" text "${text}")

string(REGEX MATCH "namespace +([a-zA-Z0-9_.]+)" ignored "${text}")
string(REPLACE "." "::" namespace "${CMAKE_MATCH_1}")
string(REGEX MATCHALL "table +[A-Za-z0-9_]+[ \n]*\\(([^\"()]*\"[^\"]*\")*[^\"()]*\\)[ \n]*{[^}]*}" tables "${text}")
string(REGEX MATCHALL "[(, \n]event: *\"" promised "${text}")

set(traits "")
set(found 0)
foreach(table IN LISTS tables)
  if(NOT table MATCHES "[(, \n]event: *\"([^\"]*)\"")
    continue()
  endif()
  set(type ${CMAKE_MATCH_1})
  math(EXPR found "${found} + 1")
  set(revision 1)
  if(table MATCHES "[(, \n]revision: *\"([0-9]+)\"")
    set(revision ${CMAKE_MATCH_1})
  endif()
  string(REGEX MATCH "^table +([A-Za-z0-9_]+)" ignored "${table}")
  set(class "${namespace}::${CMAKE_MATCH_1}")
  set(subject "")
  set(person "")
  string(REGEX MATCHALL "[a-z0-9_]+: *string *\\([^)]*\\)" fields "${table}")
  foreach(field IN LISTS fields)
    string(REGEX MATCH "^[a-z0-9_]+" field_name "${field}")
    foreach(role subject person)
      if(field MATCHES "[(, ]${role}[,) ]")
        set(${role} ${field_name})
      endif()
    endforeach()
  endforeach()
  set(functions "")
  foreach(role subject person)
    if(${role})
      string(APPEND functions "  static std::string_view ${role}(const ${class}& table) { return iro::str(table.${${role}}()); }\n")
    else()
      string(APPEND functions "  static std::string_view ${role}(const ${class}&) { return {}; }\n")
    endif()
  endforeach()
  string(APPEND traits "
template <>
struct iro::EventTraits<${class}> {
  static constexpr std::string_view type = \"${type}\";
  static constexpr std::uint16_t revision = ${revision};
${functions}};
")
endforeach()
list(LENGTH promised promised)
if(NOT found EQUAL promised)
  message(FATAL_ERROR "${IN}: ${promised} tables have the attribute `event`, and ${found} could be read.\n"
    "event_headers.cmake wants: table Name (event: \"...\", ...) { ... }")
endif()

file(WRITE ${OUT} "// iro/events/${name}.hpp: the event types of ${name}.fbs. Written by event_headers.cmake: do not edit.
#pragma once

#include <iro/event_traits.hpp>
#include <iro/events/${name}_generated.h>
${traits}")
