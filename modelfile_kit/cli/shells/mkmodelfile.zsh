#compdef mkmodelfile
# Completion of mkmodelfile for zsh; `mkmodelfile completion zsh` prints it.
_mkmodelfile() {
    local kind text help line
    local -a lines whole more whole_shown more_shown
    lines=("${(@f)$(_MKMODELFILE_COMPLETE=zsh ${(Q)words[1]} "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in $lines; do
        IFS=$'\t' read -r kind text help <<< "$line"
        line=$text${help:+  -- $help}
        if [[ -z $compstate[quote] ]]; then # within quotes zsh quotes as these need it
            text=${(q)text}
            # a home folder stays one
            [[ $text == \\\~/* ]] && text=${text#\\}
        fi
        case $kind in
            folder|more) more+=("$text"); more_shown+=("$line") ;;
            *) whole+=("$text"); whole_shown+=("$line") ;;
        esac
    done
    local -a ready
    [[ -z $compstate[quote] ]] && ready=(-Q)
    (( $#more )) && compadd $ready -l -S '' -d more_shown -a more
    (( $#whole )) && compadd $ready -l -d whole_shown -a whole
    (( $#more || $#whole ))
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _mkmodelfile "$@" # the first call of a file in $fpath
else
    compdef _mkmodelfile mkmodelfile # sourced
fi
