# SPDX-License-Identifier: MIT
# Joins a module with everything that it imports, without comments and indentation; for static/publish.
#
#	awk -f join.awk DIRECTORY/ENTRY.js
#
# An imported module becomes the inside of a function that returns what the module exports, so that names need be
# unique in their own module only. It understands what the page's modules are made of and refuses everything else:
# imports by name or as a whole, exports of functions, classes and constants, comments that fill their lines, templates
# of one line, no circles. import() stays as it is.

function fail(file, number, why) {
  printf "join.awk: %s:%d: %s\n", file, number, why > "/dev/stderr"
  failed = 1
  exit 1
}

# The name of the constant that holds what a module exports.
function constant(name) {
  gsub(/[^a-z0-9]/, "_", name)
  return "$" name
}

# What an import statement becomes; its module is written first.
function binding(file, number, statement, from, names) {
  if (!match(statement, /^import (\* as [A-Za-z]+|\{ .* \}) from "\.\/[a-z0-9-]+\.js";$/))
    fail(file, number, "not an import that can be joined: " statement)
  from = statement
  sub(/^.* from "\.\//, "", from)
  sub(/\.js";$/, "", from)
  write(from, 0)
  names = statement
  sub(/^import /, "", names)
  sub(/ from "[^"]*";$/, "", names)
  if (sub(/^\* as /, "", names))
    return "const " names "=" constant(from) ";"
  gsub(/ as /, ":", names)
  gsub(/ /, "", names)
  sub(/,\}$/, "}", names)
  return "const" names "=" constant(from) ";"
}

# Whether the line is, or belongs to, a comment that fills its lines.
function is_comment(file, number, line) {
  if (in_comment[file]) {
    if (line ~ /\*\/./)
      fail(file, number, "code behind a comment of several lines")
    in_comment[file] = line !~ /\*\/$/
    return 1
  }
  if (line ~ /^\/\//)
    return 1
  if (line !~ /^\/\*/)
    return 0
  if (line !~ /\*\//)
    in_comment[file] = 1
  return line !~ /\*\/./
}

# Writes the module unless that is done, before it whatever it imports.
function write(name, is_entry, file, line, number, statement, bindings, body, exports, export) {
  if (name in state) {
    if (state[name] != "written")
      fail(name ".js", 0, "imports itself, by a circle")
    return
  }
  state[name] = "begun"
  file = directory name ".js"
  while ((status = (getline line < file)) > 0) {
    number++
    indented = line ~ /^[ \t]/
    gsub(/^[ \t]+|[ \t]+$/, "", line)
    if (line == "" || is_comment(file, number, line))
      continue
    gsub(/\/\*\* @[a-z]+ [^*]*\*\/ /, "", line) # what type it is
    if (gsub(/`/, "`", line) % 2)
      fail(file, number, "a template of several lines")
    if (statement != "" || (!indented && line ~ /^import /)) {
      statement = statement (statement == "" ? "" : " ") line
      if (line ~ /;$/) {
        bindings = bindings binding(file, number, statement) "\n"
        statement = ""
      }
      continue
    }
    if (!indented && line ~ /^export /) {
      if (!match(line, /^export (async function|function|class|const) [A-Za-z_]+/))
        fail(file, number, "not an export that can be joined")
      export = substr(line, 1, RLENGTH)
      sub(/^.* /, "", export)
      exports = exports (exports == "" ? "" : ",") export
      sub(/^export /, "", line)
    }
    body = body line "\n"
  }
  if (status < 0)
    fail(file, 0, "cannot be read")
  close(file)
  state[name] = "written"
  if (is_entry)
    printf "%s%s%s", bindings, body, exports == "" ? "" : "export{" exports "};\n"
  else
    printf "const %s=(()=>{\n%s%sreturn{%s};\n})();\n", constant(name), bindings, body, exports
}

BEGIN {
  directory = ARGV[1]
  entry = ARGV[1]
  sub(/[^\/]*$/, "", directory)
  sub(/^.*\//, "", entry)
  sub(/\.js$/, "", entry)
  write(entry, 1)
  exit failed
}
