# Completion of mkmodelfile for bash; `mkmodelfile completion bash` prints it.
_mkmodelfile() {
    local kind text help
    COMPREPLY=()
    # bash tells the words broken at `:` and `=`; so the line itself is handed over.
    while IFS=$'\t' read -r kind text help; do
        case $kind in
            file) compopt -o filenames ;;
            folder)
                # readline adds the slash of a folder, and no space behind it
                compopt -o filenames
                text=${text%/}
                ;;
            more) compopt -o nospace ;;
        esac
        COMPREPLY+=("$text")
    done < <(_MKMODELFILE_COMPLETE=bash "$1" "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}

complete -F _mkmodelfile mkmodelfile
