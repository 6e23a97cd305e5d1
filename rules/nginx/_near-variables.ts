import { isSlip } from '../../parsers/text/slip.ts'
import { isUnknownWord, type Place, type Source } from '../../parsers/text/source.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { nginxVariable } from '../../src/servers/nginx/directives.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'

const SHORTEST = 6

/**
 * A variable of lines that some server includes, which no file here has but in this one place, and which is a letter
 * away from one that is set in the same file.
 */
export function* nearVariables(configurations: readonly NginxConfiguration[]): Iterable<RuleFinding> {
  for (const configuration of configurations) {
    if (configuration.main !== null) continue
    const sets = variablesSet(configuration)
    if (sets.size === 0) continue
    for (const directive of [...configuration.occurrences.values()].flat()) {
      const set = sets.get(directive.source)
      if (set === undefined) continue
      for (const [index, { value }] of directive.args.entries()) {
        if (!value.includes('$') || isUnknownWord(value)) continue
        for (const name of variableNames(value)) {
          if (name.length < SHORTEST || set.has(name) || nginxVariable('http', name) !== null) continue
          const near = [...set].find(each => isSlip(each, name, 1))
          if (near === undefined || isElsewhere(configurations, directive.source, name)) continue
          yield misspelt(argumentPlace(directive, index), name, near)
        }
      }
    }
  }
}

function misspelt(at: Place, name: string, near: string): RuleFinding {
  const { source } = at
  const start = source.text.indexOf(name, at.start)
  return {
    at,
    message: `no file here gives \`$${name}\` a value, and \`$${near}\` has one: unknown "${name}" variable`,
    label: 'misspelt',
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

/** True where the name stands in another place too: what two places have is no slip. */
function isElsewhere(configurations: readonly NginxConfiguration[], own: Source, name: string): boolean {
  const word = new RegExp(`\\b${name}\\b`, 'gi')
  if ((own.text.match(word)?.length ?? 0) > 1) return true
  const others = new Set(configurations.flatMap(({ top }) => top.map(({ source }) => source)))
  return [...others].some(source => source !== own && source.text.toLowerCase().includes(name))
}
