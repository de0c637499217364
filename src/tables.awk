# SPDX-License-Identifier: MIT
# Makes from params.def and commands.def what people read: the sample configuration, parts of the manual
# pages, the completion of shells. Variables: format; localstatedir.
#
# Each PARAM_...(...) and COMMAND(...) is cut into its arguments, then handed to the format.

{ text = text $0 "\n" }

END {
    while (match(text, /\/\*([^*]|\*+[^*\/])*\*+\//))
        text = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
    gsub(/LOCALSTATEDIR/, "\"" localstatedir "\"", text)
    while (match(text, /(PARAM_[A-Z]+|COMMAND)\(/)) {
        kind = substr(text, RSTART, RLENGTH - 1)
        text = substr(text, RSTART + RLENGTH)
        cut()
        if (kind == "COMMAND")
            command(arg[1], arg[4], arg[5], arg[6], arg[7], arg[8])
        else
            setting()
    }
    if (format == "bash")
        bash_end()
    if (format == "zsh")
        zsh_end()
}

# Takes the arguments off the front of `text` into arg[1..count]. Neighbouring strings become one.
function cut(   c, quoted, i) {
    count = 1
    split("", arg)
    arg[1] = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\\" && quoted)
            arg[count] = arg[count] substr(text, ++i, 1)
        else if (c == "\"")
            quoted = !quoted
        else if (quoted)
            arg[count] = arg[count] c
        else if (c == ")")
            break
        else if (c == ",")
            arg[++count] = ""
        else if (c !~ /[ \n]/)
            arg[count] = arg[count] c
    }
    text = substr(text, i + 1)
}

function setting(   name, standard, help, range) {
    name = arg[2]
    help = arg[count]
    if (kind == "PARAM_TEXT" || kind == "PARAM_INT" || kind == "PARAM_BOOL" || kind == "PARAM_CHOICE")
        standard = arg[3]
    if (kind == "PARAM_INT")
        range = "From " arg[4] " to " arg[5] "."
    if (kind == "PARAM_BOOL")
        range = "true or false."
    if (kind == "PARAM_CHOICE") {
        range = arg[4]
        gsub(/ /, ", ", range)
        range = "One of: " range "."
    }
    if (kind == "PARAM_SECRET")
        range = "Base64 of 32 to 64 bytes; or give " name "_FILE, the path of a file that holds it."
    if (name == "CONFIG_FILE" && format == "conf")
        return
    if (format == "conf")
        conf(name, standard, help " " range)
    if (format == "man-settings")
        printf ".TP\n.B %s\n%s%s%s\n", roff(name), roff(help), range == "" ? "" : " " roff(range), \
            standard == "" ? "" : "\nDefault: \\fI" roff(standard) "\\fR."
}

function conf(name, standard, help,   words, n, i, line) {
    n = split(help, words, " ")
    line = "#"
    for (i = 1; i <= n; i++) {
        if (length(line) + 1 + length(words[i]) > 100) {
            print line
            line = "#"
        }
        line = line " " words[i]
    }
    print line
    printf "#%s=%s\n\n", name, standard
}

function roff(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    sub(/^\./, "\\\\\\&.", s)
    return s
}

function command(name, arguments, summary, text, example, explanation) {
    if (format == "man-commands") {
        printf ".TP\n.B %s%s\n%s\n", roff(name), arguments == "" ? "" : " \\fR" roff(arguments), roff(text)
        printf ".br\nExample: %s\n.RS\n.PP\n.EX\n%s\n.EE\n.RE\n", roff(explanation), roff(example)
    }
    names = names " " name
    summaries[name] = summary
    options[name] = "--help"
    while (match(arguments, /--[a-z-]+/)) {
        options[name] = options[name] " " substr(arguments, RSTART, RLENGTH)
        arguments = substr(arguments, RSTART + RLENGTH)
    }
    files[name] = arguments ~ /FILE|DIR/
}

function bash_end(   list, n, i) {
    n = split(substr(names, 2), list, " ")
    print "# bash completion for initialsdb(8)"
    print "_initialsdb() {"
    print "    local word=${COMP_WORDS[COMP_CWORD]}"
    print "    COMPREPLY=()"
    print "    if [ \"$COMP_CWORD\" -eq 1 ]; then"
    printf "        mapfile -t COMPREPLY < <(compgen -W \"%s --help --version\" -- \"$word\")\n", substr(names, 2)
    print "        return"
    print "    fi"
    print "    case ${COMP_WORDS[1]} in"
    for (i = 1; i <= n; i++)
        printf "    %s) mapfile -t COMPREPLY < <(compgen %s-W \"%s\" -- \"$word\") ;;\n", list[i], \
            files[list[i]] ? "-f " : "", options[list[i]]
    print "    esac"
    print "}"
    print "complete -o filenames -F _initialsdb initialsdb"
}

function zsh_end(   list, n, i, words) {
    n = split(substr(names, 2), list, " ")
    print "#compdef initialsdb"
    print "local -a commands"
    print "commands=("
    for (i = 1; i <= n; i++)
        printf "    '%s:%s'\n", list[i], shell(summaries[list[i]])
    print ")"
    print "if (( CURRENT == 2 )); then"
    print "    _describe command commands"
    print "    return"
    print "fi"
    print "case $words[2] in"
    for (i = 1; i <= n; i++)
        printf "%s) compadd -- %s%s ;;\n", list[i], options[list[i]], files[list[i]] ? "; _files" : ""
    print "esac"
}

function shell(s) {
    gsub(/'/, "'\\''", s)
    return s
}
