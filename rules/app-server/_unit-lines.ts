import { isOneSlipAway } from '../../parsers/text/one-slip-away.ts'
import { type Place, placeText } from '../../parsers/text/source.ts'
import { placeOf, type WrittenText } from '../../parsers/text/written-text.ts'
import type { ServiceUnit } from '../../parsers/systemd/service-unit.ts'
import { unitWords } from '../../parsers/systemd/unit-words.ts'

/** A fault of a unit, as a rule yields it. */
export interface UnitFault {
  readonly at: Place
  readonly severity?: 'error' | 'info'
  readonly message: string
  readonly label: string
  readonly help?: string
}

/** The targets that people write behind `WantedBy=`. */
const TARGETS = [
  'multi-user.target',
  'default.target',
  'graphical.target',
  'network.target',
  'network-online.target',
  'basic.target',
  'sockets.target',
  'timers.target',
]

/** What wants the unit when the machine starts, where no unit is called so. */
export function* wantedByNobody({ unit }: ServiceUnit): Iterable<UnitFault> {
  for (const { section, name, written } of unit.settings) {
    if (section !== 'Install' || !/^(?:WantedBy|RequiredBy)$/.test(name)) continue
    for (const word of unitWords(written) ?? []) {
      const { text } = word
      if (!/^[\w.@-]+$/.test(text)) continue
      const hasType = /\.(?:target|service|socket|timer|path|mount|device|slice|scope|swap|automount)$/.test(
        text,
      )
      const meant = TARGETS.find(each => isOneSlipAway(each, hasType ? text : `${text}.target`))
      if (!hasType) {
        const whole = meant ?? TARGETS.find(each => each === `${text}.target`)
        yield {
          at: placeOf(word),
          severity: 'error',
          message: `\`systemctl enable\` refuses the unit, so nothing starts it with the machine: Failed to enable unit, "${text}" is not a valid unit name`,
          label: 'without its ending',
          ...(whole !== undefined && { help: `Write \`${whole}\`` }),
        }
      } else if (meant !== undefined && !TARGETS.includes(text))
        yield {
          at: placeOf(word),
          message: `no target is called \`${text}\`, so nothing starts the service with the machine: added as a dependency to a non-existent unit ${text}`,
          label: 'no such target',
          help: `Write \`${meant}\``,
        }
    }
  }
}

/** Variables that a shell has, and the manager of a unit does not fill in. */
const OF_SHELL = new Set(['PATH', 'HOME', 'USER', 'PWD', 'PYTHONPATH', 'LD_LIBRARY_PATH'])

/** What an assignment of `Environment=` holds beside what is meant. */
export function* meantOtherwise({ unit }: ServiceUnit): Iterable<UnitFault> {
  const names = new Set(OF_SHELL)
  for (const { section, name, written } of unit.settings) {
    if (section !== 'Service' || name !== 'Environment') continue
    const words = unitWords(written) ?? []
    for (const [index, word] of words.entries()) {
      const [, variable, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word.text) ?? []
      if (variable === undefined || value === undefined) continue
      const [read = '', inner] = /\$\{?([A-Za-z_]\w*)\}?/.exec(value) ?? []
      if (inner !== undefined && names.has(inner))
        yield {
          at: placeOf(word),
          message: `systemd fills in no variable here, so \`${variable}\` holds the text \`${read}\` itself`,
          label: 'no shell reads it',
          help: 'Write the value of the variable',
        }
      if (value.startsWith(`${variable}=`))
        yield {
          at: placeOf(word),
          message: `what stands behind the first \`=\` is the value, so that of \`${variable}\` begins with \`${variable}=\``,
          label: 'the name twice',
          help: `Write \`${value}\``,
        }
      if (isFollowedByComma(word) && index + 1 < words.length)
        yield {
          at: placeOf(word),
          message: `blanks part assignments, so the comma is a part of \`${variable}\``,
          label: 'ends in a comma',
          help: 'Take the comma away',
        }
      names.add(variable)
    }
  }
}

function isFollowedByComma(word: WrittenText): boolean {
  return word.text.endsWith(',') && /["'],$/.test(placeText(placeOf(word)))
}

/** A comment behind a command, whose words the program gets as its arguments. */
export function* commentedCommand({ unit }: ServiceUnit): Iterable<UnitFault> {
  for (const { section, name, written } of unit.settings) {
    if (section !== 'Service' || name !== 'ExecStart') continue
    const word = unitWords(written)?.find(each => each.text === '#' && placeText(placeOf(each)) === '#')
    if (word !== undefined && !/\b(?:sh|bash) -\w*c\b/.test(written.text))
      yield {
        at: placeOf(word),
        severity: 'error',
        message: '`#` begins no comment behind a value, so the program gets all that follows as arguments',
        label: 'an argument',
        help: 'Write the comment into a line of its own',
      }
  }
}

/** What comes up before the network does: a service behind nothing else waits for no address. */
const EARLY =
  /^(?:network|network-pre|syslog|local-fs|basic|sysinit|time-sync|nss-lookup|systemd-\w+)\.(?:target|service)$/

/** `Wants=` and `Requires=` start what they name, and wait for nothing. */
export function* onlineNotAwaited({ unit, after }: ServiceUnit): Iterable<UnitFault> {
  // What is started behind another service may wait for the network by that one.
  if (!after.every(fact => fact.known && EARLY.test(fact.value))) return
  for (const { section, name, written } of unit.settings) {
    if (section !== 'Unit' || !/^(?:Wants|Requires)$/.test(name)) continue
    const word = unitWords(written)?.find(({ text }) => text === 'network-online.target')
    if (word === undefined) continue
    yield {
      at: placeOf(word),
      severity: 'info',
      message: `\`${name}=\` orders nothing, so the service starts while the network still comes up`,
      label: 'not in `After=`',
      help: 'Add `After=network-online.target`',
    }
  }
}
