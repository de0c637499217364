# SPDX-License-Identifier: MIT
# Joins a module with everything that it imports, without comments and needless blanks; for static/publish.
#
#	awk -f join.awk DIRECTORY/ENTRY.js
#
# All modules become one, so what stands at the top of each needs a name of its own. A module that is imported as a whole
# becomes the inside of a function that returns what it exports, and its names are free. Each of those at the top begins
# a line, by which an error can be found. It understands what the page's modules are made of and refuses everything else:
# imports by name or as a whole, exports of functions, classes and constants, comments that fill their lines, templates
# of one line, no circles. A semicolon ends each statement (ESLint sees to that). import() stays as it is.

function fail(file, number, why) {
  printf "join.awk: %s:%d: %s\n", file, number, why > "/dev/stderr"
  failed = 1
  exit 1
}

# A piece of code without strings and the like: no blanks beside signs. Two + or - may be one sign, so they stay apart.
function bare(code, i, sign) {
  while (match(code, /[^-+] [-+] [^-+]/))
    code = substr(code, 1, RSTART) substr(code, RSTART + 2, 1) substr(code, RSTART + 4)
  for (i = 1; i <= length(SIGNS); i++) {
    sign = substr(SIGNS, i, 1)
    if (index(code, " " sign) || index(code, sign " "))
      gsub(" *" (sign == "^" ? "\\^" : "[" sign "]") " *", sign == "&" ? "\\&" : sign, code)
  }
  return code
}

# The line without blanks that mean nothing, up to the first sign that may begin an expression or a comment: then it is
# not understood to its end.
function squeezed(line, out, mark, at) {
  understood = 0
  while (match(line, /["'`\/]/)) {
    at = RSTART
    mark = substr(line, at, 1)
    out = out bare(substr(line, 1, at - 1))
    line = substr(line, at)
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
  understood = 1
  return out bare(line)
}

# The code with one line more, which stays a line only where it has to or is at the top.
function extended(code, line, indented, glued) {
  line = squeezed(line)
  glued = open && (indented || line ~ /^[]})]/) && (code ~ /[][{}();,=?:&|>]$/ || line ~ /^[]})?:&|.]/)
  if (glued && line ~ /^[]})]/)
    sub(/[;,]$/, "", code)
  open = understood
  return code (code == "" || glued ? "" : "\n") line
}

# Names at the top are taken once.
function take(name, file, number) {
  if (name in owner)
    fail(file, number, name " is a name in " owner[name] ", too")
  owner[name] = file
}

# Writes the module of an import statement, unless that is done.
function follow(file, number, statement, from, whole) {
  if (!match(statement, /^import (\* as [A-Za-z]+|\{ [A-Za-z_, ]+ \}) from "\.\/[a-z0-9-]+\.js";$/) || statement ~ /[a-zA-Z] as /)
    fail(file, number, "not an import that can be joined: " statement)
  from = statement
  sub(/^.* from "\.\//, "", from)
  sub(/\.js";$/, "", from)
  if (sub(/^import \* as /, "", statement))
    whole = substr(statement, 1, index(statement, " ") - 1)
  write(from, whole)
  if (whole_name[from] != whole)
    fail(file, number, "imported in two ways: " from ".js")
  open = 0
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

# Writes the module unless that is done, before it whatever it imports. `whole` is its name if it is imported as a whole.
function write(name, whole, is_entry, file, line, number, indented, statement, code, exports, declared) {
  if (name in state) {
    if (state[name] != "written")
      fail(name ".js", 0, "imports itself, by a circle")
    return
  }
  state[name] = "begun"
  whole_name[name] = whole
  file = directory name ".js"
  if (whole != "")
    take(whole, file, 0)
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
        follow(file, number, statement)
        statement = ""
      }
      continue
    }
    if (!indented && line ~ /^(export|async function|function|class|const|let|var) /) {
      if (!match(line, /^((export )?(async function|function|class|const)|let) [A-Za-z_0-9]+/))
        fail(file, number, "not an export or a declaration that can be joined")
      declared = substr(line, 1, RLENGTH)
      sub(/^.* /, "", declared)
      if (whole == "")
        take(declared, file, number)
      if (sub(/^export /, "", line))
        exports = exports (exports == "" ? "" : ",") declared
    }
    code = extended(code, line, indented)
  }
  if (status < 0)
    fail(file, 0, "cannot be read")
  close(file)
  state[name] = "written"
  if (whole != "")
    printf "const %s=(()=>{\n%s\nreturn{%s};\n})();\n", whole, code, exports
  else
    printf "%s\n%s", code, (is_entry && exports != "" ? "export{" exports "};\n" : "")
}

BEGIN {
  SIGNS = "=<>?:,;&|(){}[]*%^!"
  directory = ARGV[1]
  entry = ARGV[1]
  sub(/[^\/]*$/, "", directory)
  sub(/^.*\//, "", entry)
  sub(/\.js$/, "", entry)
  write(entry, "", 1)
  exit failed
}
