import { recent } from '../../parsers/collections/recent.ts'
import { isSlip } from '../../parsers/text/slip.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { isBareFamily, nearestVariable, nginxVariable } from '../../src/servers/nginx/directives.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'

const SHORTEST = 6

/**
 * A variable of lines that some server includes, which no file here has but in this one place, and which is a letter
 * away from one that is set in the same file or is nginx's own.
 */
export function* nearVariables(configurations: readonly NginxConfiguration[]): Iterable<RuleFinding> {
  for (const configuration of configurations) {
    if (configuration.main !== null) continue
    const sets = variablesSet(configuration)
    for (const directive of [...configuration.occurrences.values()].flat()) {
      const set = sets.get(directive.source) ?? NONE
      for (const [index, { value }] of directive.args.entries()) {
        if (!value.includes('$') || isUnknownWord(value)) continue
        for (const name of variableNames(value)) {
          if (set.has(name) || nginxVariable('http', name) !== null) continue
          const near = name.length < SHORTEST ? undefined : [...set].find(each => isSlip(each, name, 1))
          const meant = near ?? meantOfNginx(name)
          if (meant === null || isElsewhere(configurations, directive.source, name)) continue
          const at = argumentPlace(directive, index)
          yield near === undefined ? ofNginx(at, name, meant) : misspelt(at, name, near)
        }
      }
    }
  }
}

const NONE: ReadonlySet<string> = new Set()

/** The variable of nginx that a name is meant to be; null for none, and for more than one of a kind. */
const meantOfNginx = recent((name: string): string | null => {
  if (name.endsWith('http') && isBareFamily('http', name)) return `${name}_host`
  const near = name.length < SHORTEST ? null : nearestVariable('http', name)
  return near === null || name === `${near}s` ? null : near
})

function ofNginx(at: Place, name: string, near: string): RuleFinding {
  const isBare = near.startsWith(`${name}_`)
  return {
    at,
    message: isBare
      ? `no file here gives \`$${name}\` a value, and the name of a header follows \`$${name}_\`: unknown "${name}" variable`
      : `no file here gives \`$${name}\` a value, and nginx has \`$${near}\`: unknown "${name}" variable`,
    label: 'misspelt',
    ...replacing(at, name, near, isBare),
  }
}

function misspelt(at: Place, name: string, near: string): RuleFinding {
  return {
    at,
    message: `no file here gives \`$${name}\` a value, and \`$${near}\` has one: unknown "${name}" variable`,
    label: 'misspelt',
    ...replacing(at, name, near),
  }
}

/** The help that names the variable, and its fix unless there are several that may be meant. */
function replacing(
  at: Place,
  name: string,
  near: string,
  isOneOfSeveral = false,
): Pick<RuleFinding, 'help' | 'fix'> {
  if (isOneOfSeveral) return { help: `Name the header, as in \`$${near}\`` }
  const { source } = at
  const start = source.text.indexOf(name, at.start)
  return {
    help: `Write \`$${near}\``,
    ...propose(`Write $${near}`, 'unsafe', [
      start === -1 || start >= at.end
        ? null
        : replacePlace({ source, start, end: start + name.length }, near),
    ]),
  }
}

/** The names that lines of each file give a value, in small letters: nginx makes no difference. */
function variablesSet({ occurrences }: NginxConfiguration): ReadonlyMap<Source, ReadonlySet<string>> {
  const sets = new Map<Source, Set<string>>()
  for (const { args, source } of occurrences.get('set') ?? []) {
    const name = /^\$([a-z]\w*)$/i.exec(args[0]?.value ?? '')?.[1]
    if (name === undefined) continue
    const names = sets.get(source) ?? new Set()
    sets.set(source, names.add(name.toLowerCase()))
  }
  return sets
}

/**
 * True where the name stands in another place too: what two places have is no slip. One that is a word of every file,
 * as `http` is, counts as a variable or a group alone.
 */
function isElsewhere(configurations: readonly NginxConfiguration[], own: Source, name: string): boolean {
  const before = isBareFamily('http', name) ? `(?:\\$\\{?|[<'])` : '\\b'
  const word = new RegExp(`${before}${name}\\b`, 'gi')
  if ((own.text.match(word)?.length ?? 0) > 1) return true
  const others = new Set(configurations.flatMap(({ top }) => top.map(({ source }) => source)))
  const isIn = ({ text }: Source): boolean =>
    isBareFamily('http', name) ? text.search(word) !== -1 : text.toLowerCase().includes(name)
  return [...others].some(source => source !== own && isIn(source))
}
