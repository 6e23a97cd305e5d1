import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { type ShellFault, stepFault } from './_shell-fault.ts'

/** Programs of a build that nothing else is called nearly as, and the words that begin one of their commands. */
const PROGRAMS: readonly (readonly [string, RegExp])[] = [
  ['apt-get', /^(?:-\S+|update|install|upgrade|dist-upgrade|clean|purge|remove|autoremove)$/],
  ['docker-php-ext-install', /./],
  ['docker-php-ext-configure', /./],
  ['docker-php-ext-enable', /./],
  ['install-php-extensions', /./],
]
/** Of each of these only whole words are commands. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  apt: ['install', 'update', 'upgrade', 'autoremove'],
  'apt-get': ['install', 'update', 'upgrade', 'autoremove'],
  pip: ['install'],
  pip3: ['install'],
}
const WHOLE: ReadonlySet<string> = new Set(['uninstall', 'reinstall'])
const OPTION = '--no-install-recommends'

const LINE = /(?:^|[;&|{!(]|\b(?:then|do|else)\b)[ \t]*(?:sudo[ \t]+)?([a-z][\w.-]*)((?:[ \t]+[^\s;&|]+)+)/gm

/**
 * Commands of a build that are one slip away from what is meant.
 *
 * @param bare a script in which comments are blank, and quotes letters
 */
export function* slipFaults(bare: string): Iterable<ShellFault> {
  for (const match of bare.matchAll(LINE)) {
    const [whole, program = '', rest = ''] = match
    const start = match.index + whole.length - rest.length - program.length
    const words = [...rest.matchAll(/\S+/g)]
    const [first] = words
    if (first === undefined) continue
    const meant = PROGRAMS.find(([name, next]) => isOneSlipAway(name, program) && next.test(first[0]))?.[0]
    if (meant !== undefined && meant !== program && !PROGRAMS.some(([name]) => name === program)) {
      yield fault(start, program, `${program}: not found`, meant)
      continue
    }
    const begin = start + program.length
    const command = words.find(([word]) => !word.startsWith('-'))
    const known = COMMANDS[program]
    if (known === undefined || command === undefined) continue
    const [word] = command
    const other =
      known.includes(word) || WHOLE.has(word) ? undefined : known.find(each => isOneSlipAway(each, word))
    if (other !== undefined)
      yield fault(
        begin + command.index,
        word,
        program.startsWith('apt') ? `E: Invalid operation ${word}` : `ERROR: unknown command "${word}"`,
        other,
      )
    if (!program.startsWith('apt')) continue
    const option = words.find(
      ([each]) => each === '--no-recommends' || (each !== OPTION && isOneSlipAway(OPTION, each)),
    )
    if (option !== undefined)
      yield fault(
        begin + option.index,
        option[0],
        `E: Command line option ${option[0]} is not understood`,
        OPTION,
      )
  }
}

function fault(start: number, word: string, said: string, meant: string): ShellFault {
  return stepFault(start, word, said, { label: `a slip for \`${meant}\``, help: `Write \`${meant}\`` })
}
