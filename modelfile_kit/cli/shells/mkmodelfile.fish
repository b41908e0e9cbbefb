# Completion of mkmodelfile for fish; `mkmodelfile completion fish` prints it.
function __mkmodelfile_candidates
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # without the quotes and backslashes that are typed so far
    set -l plain (string unescape -- $typed)
    or set plain (string trim --left --chars "'\"" -- $typed)
    set -lx _MKMODELFILE_COMPLETE fish
    for line in ($words[1] $words[2..-1] "$plain" 2>/dev/null)
        set -l parts (string split \t -- $line)
        printf '%s\t%s\n' $parts[2] $parts[3]
    end
end

complete --command mkmodelfile --no-files --keep-order --arguments '(__mkmodelfile_candidates)'
