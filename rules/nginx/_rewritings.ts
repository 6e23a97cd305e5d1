import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import type { Rewriting } from '../_rewriting.ts'

/** What every `rewrite` makes of its groups, where nothing unknown is in it. */
export function* rewritings({ occurrences }: NginxConfiguration): Generator<Rewriting> {
  for (const rewrite of occurrences.get('rewrite') ?? []) {
    const [pattern, target] = rewrite.args.map(({ value }) => value)
    if (pattern === undefined || target === undefined) continue
    if (isUnknownWord(pattern) || isUnknownWord(target)) continue
    yield { pattern, target, patternAt: argumentPlace(rewrite, 0), targetAt: argumentPlace(rewrite, 1) }
  }
}

/** What locations by an expression make of its groups: a redirect, a file, what a backend is asked for. */
export function* locationRewritings({ occurrences }: NginxConfiguration): Generator<Rewriting> {
  for (const location of occurrences.get('location') ?? []) {
    const { modifier, name: pattern, at: patternAt } = readLocation(location)
    if ((modifier !== '~' && modifier !== '~*') || isUnknownWord(pattern)) continue
    // Whatever matches last fills the groups anew.
    if (location.children.some(({ name }) => name === 'rewrite' || name === 'if')) continue
    for (const line of location.children) {
      const index = line.name === 'return' ? 1 : 0
      const target = line.args[index]?.value
      if (!TARGETS.has(line.name) || target === undefined || isUnknownWord(target)) continue
      yield { pattern, target, patternAt, targetAt: argumentPlace(line, index) }
    }
  }
}

const TARGETS = new Set(['return', 'alias', 'proxy_pass'])
