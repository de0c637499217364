# SPDX-License-Identifier: MIT
# Joins a module with everything that it imports, without comments and needless blanks; for static/publish.
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

# A piece of code without strings and the like: no blanks beside signs. Two + or - may be one sign, so they stay apart.
function bare(code, i, sign) {
  for (i = 1; i <= length(SIGNS); i++) {
    sign = substr(SIGNS, i, 1)
    if (index(code, " " sign) || index(code, sign " "))
      gsub(" *[" sign "] *", sign == "&" ? "\\&" : sign, code)
  }
  return code
}

# The line without blanks that mean nothing, up to the first sign that may begin an expression or a comment.
function squeezed(line, out, mark) {
  while (match(line, /["'`\/]/)) {
    mark = substr(line, RSTART, 1)
    out = out bare(substr(line, 1, RSTART - 1))
    line = substr(line, RSTART)
    if (mark == "\"")
      match(line, /^"([^"\\]|\\.)*"/)
    else if (mark == "'" || line !~ /^`[^`\\]*`[^`]*$/) # a template in a template would be cut in the wrong places
      return out line
    else
      match(line, /^`[^`]*`/)
    if (RLENGTH < 0)
      return out line
    out = out substr(line, 1, RLENGTH)
    line = substr(line, RLENGTH + 1)
  }
  return out bare(line)
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
    body = body squeezed(line) "\n"
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
  SIGNS = "=<>?:,;&|(){}*"
  directory = ARGV[1]
  entry = ARGV[1]
  sub(/[^\/]*$/, "", directory)
  sub(/^.*\//, "", entry)
  sub(/\.js$/, "", entry)
  write(entry, 1)
  exit failed
}
