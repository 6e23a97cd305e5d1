import {
  type Command,
  COMMAND_SPECS,
  COMMANDS,
  FORMATS_OF,
  OPTION_LIST,
  type OptionName,
  type OptionSpec,
} from '../../src/cli/options.ts'
import { ruleNames } from '../../src/cli/rule-selection.ts'
import type { GeneratedFile } from '../generated-file.ts'
import { loadRules } from '../load-rules.ts'

/** What shells complete: a file for each, made from the table of options. */
export async function generateCompletions(): Promise<readonly GeneratedFile[]> {
  const rules = ruleNames((await loadRules()).map(({ rule }) => rule))
  return [
    { path: 'docs/completions/deploy-audit.bash', content: bash(rules) },
    { path: 'docs/completions/_deploy-audit', content: zsh(rules) },
    { path: 'docs/completions/deploy-audit.fish', content: fish(rules) },
  ]
}

const FORMATS = [...new Set(Object.values(FORMATS_OF).flat())]

function valuesOf(name: OptionName, { choices }: OptionSpec): readonly string[] | null {
  return name === 'format' ? FORMATS : (choices ?? null)
}

function spellings(name: OptionName, { short }: OptionSpec): readonly string[] {
  return short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`]
}

function optionsOf(command: Command): readonly string[] {
  return OPTION_LIST.filter(([, { commands }]) => commands.includes(command)).flatMap(([name, option]) =>
    spellings(name, option),
  )
}

function bash(rules: readonly string[]): string {
  const cases = OPTION_LIST.flatMap(([name, option]) => {
    if (option.value === undefined) return []
    const values = valuesOf(name, option)
    const reply =
      values !== null
        ? `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$word"))`
        : option.completes === 'rule'
          ? `COMPREPLY=($(compgen -W '${rules.join(' ')}' -- "$word"))`
          : option.completes === 'directory'
            ? 'COMPREPLY=($(compgen -d -- "$word"))'
            : option.completes === 'file'
              ? 'COMPREPLY=($(compgen -f -- "$word"))'
              : 'COMPREPLY=()'
    return [`    ${spellings(name, option).join(' | ')}) ${reply}; return ;;`]
  })
  const commands = COMMANDS.map(command => `    ${command}) options='${optionsOf(command).join(' ')}' ;;`)
  return `# bash completion of deploy-audit, written by \`npm run generate\`.
_deploy_audit() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} options
  case $before in
${cases.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${commands.join('\n')}
    *) options='${optionsOf('audit').join(' ')}' ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
  elif [[ \${COMP_WORDS[1]} == explain || \${COMP_WORDS[1]} == rules ]]; then
    COMPREPLY=($(compgen -W '${rules.join(' ')}' -- "$word"))
  elif [[ \${COMP_WORDS[1]} == help && $COMP_CWORD == 2 ]]; then
    COMPREPLY=($(compgen -W '${COMMANDS.join(' ')}' -- "$word"))
  elif [[ $COMP_CWORD == 1 ]]; then
    COMPREPLY=($(compgen -W '${COMMANDS.join(' ')}' -- "$word") $(compgen -f -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _deploy_audit deploy-audit
`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function zsh(rules: readonly string[]): string {
  const specs = OPTION_LIST.flatMap(([name, option]) => {
    const text = option.text.replace(/[[\]:`]/g, ' ').replace(/\s+/g, ' ')
    const values = valuesOf(name, option)
    const action =
      values !== null
        ? `:${name}:(${values.join(' ')})`
        : option.completes === 'rule'
          ? `:rule:(${rules.join(' ')})`
          : option.completes === 'directory'
            ? ':directory:_files -/'
            : option.completes === 'file'
              ? ':file:_files'
              : option.value === undefined
                ? ''
                : `:${option.value.toLowerCase()}: `
    const repeat = option.multiple === true ? '*' : ''
    return spellings(name, option).map(spelling => `    ${quoted(`${repeat}${spelling}[${text}]${action}`)}`)
  })
  const commands = COMMANDS.map(
    command => `    ${quoted(`${command}:${COMMAND_SPECS[command].summary.replaceAll('`', '')}`)}`,
  )
  return `#compdef deploy-audit
# zsh completion of deploy-audit, written by \`npm run generate\`.
_deploy_audit_first() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  _describe 'command' commands
  _files
}
_deploy_audit_rest() {
  case $words[2] in
    explain | rules) compadd -- ${rules.join(' ')} ;;
    help) compadd -- ${COMMANDS.join(' ')} ;;
    *) _files ;;
  esac
}
_arguments -s \\
${specs.map(spec => `${spec} \\`).join('\n')}
    '1:command:_deploy_audit_first' \\
    '*:file:_deploy_audit_rest'
`
}

function fish(rules: readonly string[]): string {
  const commands = COMMANDS.map(
    command =>
      `complete -c deploy-audit -n __fish_use_subcommand -a ${command} -d ${quoted(COMMAND_SPECS[command].summary)}`,
  )
  const options = OPTION_LIST.map(([name, option]) => {
    const values = valuesOf(name, option)
    const parts = [
      'complete -c deploy-audit',
      ...(option.short === undefined ? [] : [`-s ${option.short}`]),
      `-l ${name}`,
      ...(option.value === undefined ? [] : ['-r']),
      ...(values !== null ? [`-f -a ${quoted(values.join(' '))}`] : []),
      ...(option.completes === 'rule' ? [`-f -a ${quoted(rules.join(' '))}`] : []),
      ...(option.completes === 'directory' ? [`-f -a '(__fish_complete_directories)'`] : []),
      `-d ${quoted(option.text)}`,
    ]
    return parts.join(' ')
  })
  return `# fish completion of deploy-audit, written by \`npm run generate\`.
${commands.join('\n')}
complete -c deploy-audit -n '__fish_seen_subcommand_from explain rules' -f -a ${quoted(rules.join(' '))}
complete -c deploy-audit -n '__fish_seen_subcommand_from help' -f -a ${quoted(COMMANDS.join(' '))}
${options.join('\n')}
`
}
