import { posix } from 'node:path'
import { escapePattern } from '../../parsers/text/escape-pattern.ts'
import type { Place, Source } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'

/** Units of a user that targets of the machine want. */
export function* wantedByMachine({ setups }: Deployment): Iterable<RuleFinding> {
  const texts = setups() ?? []
  for (const unit of unitsAmong(texts)) yield* ofUserUnit(unit, enablingOf(unit, texts))
}

/** Units of the repository that a script enables and that say nothing of what wants them. */
export function* enabledInVain({ setups }: Deployment): Iterable<RuleFinding> {
  const texts = setups() ?? []
  for (const unit of unitsAmong(texts)) {
    if (/^\[Install\]/m.test(unit.text) || !/^\[Service\]/m.test(unit.text)) continue
    const enabled = enablingOf(unit, texts)
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

function unitsAmong(texts: readonly Source[]): readonly Source[] {
  return texts.filter(({ path }) => /\.(?:service|timer|socket)$/.test(path))
}

interface Enabling {
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
function enablingOf({ path }: Source, texts: readonly Source[]): Enabling | null {
  const file = posix.basename(path)
  const name = file.endsWith('.service')
    ? `${escapePattern(file.slice(0, -8))}(?:\\.service)?`
    : escapePattern(file)
  const pattern = new RegExp(
    String.raw`(?<=^[^#\n]{0,200})\bsystemctl[ \t]+((?:-\S+[ \t]+)*)enable[ \t]+((?:-\S+[ \t]+)*)(${name})(?=[ \t]*(?:$|[;&|"']))`,
    'gm',
  )
  const found = texts
    .filter(({ path: own }) => !own.endsWith('.service'))
    .flatMap(source =>
      [...source.text.matchAll(pattern)].map(
        ({ 0: all, 1: before = '', 2: behind = '', 3: unit = '', index }) => {
          const end = index + all.length
          const isOfUser = /--user\b/.test(before + behind)
          return { at: { source, start: end - unit.length, end }, isOfUser }
        },
      ),
    )
  const [first] = found
  return first === undefined || found.some(({ isOfUser }) => isOfUser !== first.isOfUser) ? null : first
}

function headOf(source: Source): Place {
  const { index, 0: head } = /^\[Unit\]/m.exec(source.text) ?? /^\[Service\]/m.exec(source.text)!
  return { source, start: index, end: index + head.length }
}
