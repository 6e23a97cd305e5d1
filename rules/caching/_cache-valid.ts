import { groupBy } from '../../parsers/collections/group-by.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effective } from '../../src/servers/nginx/queries/effective.ts'
import { cachedConnections } from './_cached-connections.ts'

/** A line that says how long answers are kept. */
export interface CacheValid {
  readonly line: NginxDirective
  /** As written, `any` among them; those that nginx takes where none is written. */
  readonly statuses: readonly string[]
  /** As written; null where a template fills it in. */
  readonly time: string | null
}

const NAMES = ['proxy_cache_valid', 'fastcgi_cache_valid', 'uwsgi_cache_valid', 'scgi_cache_valid']

/** The lines of each block that has some, in the order in which nginx asks them: the first one that fits holds. */
export function* cacheValidLists({ occurrences }: NginxConfiguration): Iterable<readonly CacheValid[]> {
  for (const name of NAMES) {
    const lines = occurrences.get(name)
    if (lines === undefined) continue
    for (const list of groupBy(lines, ({ parent }) => parent).values()) yield list.map(cacheValid)
  }
}

/** The same of what holds where answers are kept, each block's once. */
export function* cacheValidInForce(deployment: Deployment): Iterable<readonly CacheValid[]> {
  const seen = new Set<NginxDirective>()
  for (const { connection, kind } of cachedConnections(deployment, 'cache')) {
    const { server, block } = connection
    const inForce = effective(server.configuration, block, `${kind}_cache_valid`)
    const lines = inForce.known ? inForce.value.directives : []
    if (lines[0] === undefined || seen.has(lines[0])) continue
    seen.add(lines[0])
    yield lines.map(cacheValid)
  }
}

/**
 * Those that stand with their cache at the top of files for some main file, and are the only ones there: what hardly
 * anything but them decides over.
 */
export function* cacheValidForAll({
  main,
  occurrences,
}: NginxConfiguration): Iterable<readonly CacheValid[]> {
  if (main !== null) return
  for (const name of NAMES) {
    const [first, ...others] = occurrences.get(name) ?? []
    if (first === undefined || first.parent !== null) continue
    if (others.some(({ parent, source }) => parent !== null || source !== first.source)) continue
    const caches = occurrences.get(name.replace('_valid', '_path')) ?? []
    if (caches.some(({ source }) => source === first.source)) yield [first, ...others].map(cacheValid)
  }
}

/** What one line says. */
export function cacheValid(line: NginxDirective): CacheValid {
  const words = line.args.map(({ value }) => value)
  const time = words.at(-1) ?? ''
  return {
    line,
    statuses: words.length === 1 ? ['200', '301', '302'] : words.slice(0, -1),
    time: /^\d[\dsmhdwMy]*$/.test(time) ? time : null,
  }
}
