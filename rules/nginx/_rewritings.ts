import { isUnknownWord } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
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
