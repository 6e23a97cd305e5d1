import type { FpmPool } from '../../parsers/php/fpm.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { ApacheConnection, Deployment } from '../../src/deployment/model.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { sectionPattern } from '../../src/servers/apache/queries/section-matches.ts'
import { virtualHostOf } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes } from '../../src/servers/regex.ts'

/** What FPM runs where no line says it. */
const BY_ITSELF = ['.php', '.phar']

/** Files with an ending that the pool does not run; null where it runs them, or nobody knows. */
export function deniedEnding(
  { limitExtensions, headers }: FpmPool,
  ending: string,
  at: Place,
): RuleFinding | null {
  if (limitExtensions !== null && !limitExtensions.known) return null
  const taken = limitExtensions?.value ?? BY_ITSELF
  // Without any every ending is run.
  if (taken.length === 0 || taken.includes(ending)) return null
  return {
    at,
    message: `FPM is passed what ends in \`${ending}\`, and runs what ends in \`${taken.join('` or `')}\` alone: Access denied`,
    label: 'an ending that FPM does not run',
    related: headers.slice(0, 1).map(header => ({ at: header, message: 'the pool' })),
    help: `Write \`security.limit_extensions = ${[...taken, ending].join(' ')}\` in the pool`,
  }
}

/** Endings of pages; `.phtml` stands in Debian's own line for FPM, which does not run it, and `.inc` is for nobody. */
const OF_PAGES = /^\.(?:html?|shtml|xml|rss|js|css)$/

/** An ending that a handler of Apache passes and the pool does not run; null where there is none. */
export function deniedByApache(
  deployment: Deployment,
  { from: { configuration }, pass }: ApacheConnection,
  pool: FpmPool,
): RuleFinding | null {
  const taking = takenFiles(pass)
  if (taking === null) return null
  const asked = { configuration, host: virtualHostOf(configuration, pass) }
  for (const ending of taking.endings) {
    const denied = OF_PAGES.test(ending) ? deniedEnding(pool, ending, taking.at) : null
    if (denied === null) continue
    const { end } = askHost(deployment, asked, `/${EXISTING}${ending}`)
    if (end.kind === 'pass' && end.directive === pass) return denied
  }
  return null
}

interface TakenFiles {
  readonly endings: readonly string[]
  /** The pattern that takes them. */
  readonly at: Place
}

/** The files that a line gives to FPM by their names; null where it does so otherwise. */
function takenFiles(pass: ApacheDirective): TakenFiles | null {
  const { name, parent, args } = pass
  if (name === 'ProxyPassMatch' && args[0] !== undefined)
    return { endings: endingsOf(args[0].value), at: argumentPlace(pass, 0) }
  if (name !== 'SetHandler' || (parent?.name !== 'FilesMatch' && parent?.name !== 'Files')) return null
  const { kind, text } = sectionPattern(parent)
  const at = argumentPlace(parent, parent.args.length - 1)
  if (kind === 'regex') return { endings: endingsOf(text), at }
  return kind === 'wildcard' ? { endings: text.match(/\.[a-z]+$/) ?? [], at } : null
}

function endingsOf(pattern: string): readonly string[] {
  if (!/html?|xml|rss|js|css/.test(pattern)) return []
  return sampleTexts(pattern).texts.flatMap(text => fromBytes(text).match(/\.[a-z]+$/) ?? [])
}
