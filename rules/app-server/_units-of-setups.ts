import { posix } from 'node:path'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'

/** Units of a user that targets of the machine want. */
export function* wantedByMachine(deployment: Deployment): Iterable<RuleFinding> {
  for (const unit of unitsOf(deployment)) yield* ofUserUnit(unit, enablingOf(deployment, unit))
}

/** Units of the repository that a script enables and that say nothing of what wants them. */
export function* enabledInVain(deployment: Deployment): Iterable<RuleFinding> {
  for (const unit of unitsOf(deployment)) {
    if (/^\[Install\]/m.test(unit.text) || !/^\[Service\]/m.test(unit.text)) continue
    const enabled = enablingOf(deployment, unit)
    if (enabled === null) continue
    yield {
      at: headOf(unit),
      message: `nothing starts \`${posix.basename(unit.path)}\` at boot: it has no \`[Install]\`, and enabling it does nothing`,
      label: 'The unit files have no installation config',
      related: [{ at: enabled.at, message: 'enables nothing' }],
      help: `Add \`[Install]\` and \`WantedBy=${enabled.isOfUser ? 'default' : 'multi-user'}.target\` to the unit`,
    }
  }
}

function unitsOf({ setups }: Deployment): readonly Source[] {
  return (setups() ?? []).filter(({ path }) => /\.(?:service|timer|socket)$/.test(path))
}

interface Enabling {
  /** The unit, without `.service`. */
  readonly name: string
  readonly at: Place
  readonly isOfUser: boolean
}

/** The manager of a user has `default.target`, and none of the targets of the machine. */
function* ofUserUnit(unit: Source, enabled: Enabling | null): Iterable<RuleFinding> {
  const isOfUser = enabled === null ? /\/systemd\/user\/[^/]+$/.test(unit.path) : enabled.isOfUser
  const wanted = /^WantedBy[ \t]*=[ \t]*((?:multi-user|graphical)\.target)[ \t]*$/m.exec(unit.text)
  if (!isOfUser || wanted?.[1] === undefined || /^WantedBy[^\n]*default\.target/m.test(unit.text)) return
  const end = wanted.index + wanted[0].trimEnd().length
  yield {
    at: { source: unit, start: end - wanted[1].length, end },
    message: `systemd of a user has no \`${wanted[1]}\`, so it does not start the unit by itself: added as a dependency to a non-existent unit ${wanted[1]}`,
    label: 'no target of a user',
    related: enabled === null ? [] : [{ at: enabled.at, message: 'enabled for a user' }],
    help: 'Write `default.target`',
  }
}

/** The `systemctl enable` of a script that names the unit; null where none does, or for users and the machine alike. */
function enablingOf(deployment: Deployment, { path }: Source): Enabling | null {
  const found = enablings(deployment).get(posix.basename(path).replace(/\.service$/, '')) ?? []
  const [first] = found
  return first === undefined || found.some(({ isOfUser }) => isOfUser !== first.isOfUser) ? null : first
}

/** Every `systemctl enable` of the scripts, by the units that it names: a repository may have hundreds of both. */
const enablings = memo(({ setups }: Deployment) =>
  groupBy(
    (setups() ?? []).flatMap(source => (source.path.endsWith('.service') ? [] : enabledIn(source))),
    ({ name }) => name,
  ),
)

function enabledIn(source: Source): readonly Enabling[] {
  const { text } = source
  return [...text.matchAll(/\bsystemctl[ \t]+([^\n;&|"']*)/g)].flatMap(({ 0: all, 1: rest = '', index }) => {
    const line = text.slice(text.lastIndexOf('\n', index) + 1, index)
    const words = [...rest.matchAll(/\S+/g)]
    const [verb, ...units] = words.filter(([word]) => !word.startsWith('-'))
    if (verb?.[0] !== 'enable' || line.includes('#')) return []
    const isOfUser = words.some(([word]) => word === '--user')
    return units.map(({ 0: unit, index: at }) => {
      const start = index + all.length - rest.length + at
      const end = start + unit.length
      return { name: unit.replace(/\.service$/, ''), isOfUser, at: { source, start, end } }
    })
  })
}

function headOf(source: Source): Place {
  const { index, 0: head } = /^\[Unit\]/m.exec(source.text) ?? /^\[Service\]/m.exec(source.text)!
  return { source, start: index, end: index + head.length }
}
