# SPDX-License-Identifier: Apache-2.0
# Completion of imdrive(1) for bash. What it knows, it asks the program for.

_imdrive()
{
	local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} command= at
	COMPREPLY=()
	for ((at = 1; at < COMP_CWORD; at++)); do
		case ${COMP_WORDS[at]} in
		--profile) ((at++)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[at]}
			break
			;;
		esac
	done
	compopt -o filenames 2> /dev/null
	if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --profile ]]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
	elif [[ $current == -* ]]; then
		local options
		options=$("$program" $command --help 2> /dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u)
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
	elif [[ -z $command ]]; then
		local commands
		commands=$("$program" --help 2> /dev/null | sed -n '/^Commands:/,$s/^  \([a-z]*\) .*/\1/p')
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
	elif [[ $command == sync || $command == mount ]]; then
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
	elif [[ $command =~ ^(versions|restore|pin|unpin|free|status)$ ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
	fi
}

complete -F _imdrive imdrive
