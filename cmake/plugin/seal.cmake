# cmake -DIN=plugin.toml -DOBJECT=build/plugins/my-rule/my-rule.so -DOUT=build/plugins/my-rule/plugin.toml -P seal.cmake
# Completes a manifest: `object` is the file beside it, `sha256` is that file's hash, so that the host opens the object that
# was meant and no other. The author's plugin.toml says neither.
cmake_minimum_required(VERSION 3.25)
file(READ ${IN} text)
if(text MATCHES "(^|\n)[ \t]*(object|sha256)[ \t]*=")
  message(FATAL_ERROR "${IN}: leave out `${CMAKE_MATCH_2}`: the build fills it in")
endif()
if(NOT text MATCHES "(^|\n)\\[plugin\\][^\n]*\n")
  message(FATAL_ERROR "${IN}: there is no [plugin]")
endif()
file(SHA256 ${OBJECT} sha256)
cmake_path(GET OBJECT FILENAME object)
string(REGEX REPLACE "(^|\n)(\\[plugin\\][^\n]*\n)" "\\1\\2object = \"${object}\"\nsha256 = \"${sha256}\"\n" text "${text}")
file(WRITE ${OUT} "${text}")
