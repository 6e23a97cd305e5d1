import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { type PlacedRule, placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import type { Rewriting } from '../_rewriting.ts'

/** What every `RewriteRule` makes of its groups, where its pattern has some and nothing unknown is in it. */
export function* rewritings(configuration: ApacheConfiguration, files: FileSystem): Generator<Rewriting> {
  for (const rule of placedRules(configuration, files)) {
    const rewriting = rewritingOf(rule)
    if (rewriting !== null) yield rewriting
  }
}

/** The same of one rule; null where there is nothing of the kind. */
export function rewritingOf(rule: PlacedRule): Rewriting | null {
  const { directive, pattern, output, negated, settled, keepsUri } = rule
  if (negated || !settled || keepsUri || !pattern.includes('(')) return null
  return {
    pattern,
    target: output,
    patternAt: argumentPlace(directive, 0),
    targetAt: argumentPlace(directive, 1),
  }
}
