import { posix } from 'node:path'

/** Words that tell the variants of one file apart. */
const VARIANT =
  /(?:^|[._-])(?:dev|devel|development|local|localhost|docker|prod|production|stage|staging|test|testing|demo|qa|uat|ci|vagrant|ssl|nossl|no-ssl|https?|tls|letsencrypt|initial|bootstrap|maintenance|example|new|v\d+)(?=[._-]|$)/gi

/** Of these a machine runs one. */
const ENVIRONMENT =
  /(?:^|[._-])(dev|devel|development|local|localhost|prod|production|stage|staging|qa|uat|vagrant|nossl|no-ssl)(?=[._-]|$)/i

const PLAIN = /(?:^|[._-])no-?ssl(?=[._-]|$)/i

export function hasVariant(name: string): boolean {
  return name.search(VARIANT) !== -1
}

/** `site` of `site.dev.conf`, of `site.conf.template` and of `site-production.conf`. */
export function stemOf(name: string): string {
  return name.replace(VARIANT, '').replace(/(?:[._-](?:conf|vhost|template|tmpl|tpl|j2|erb|in))+$/i, '')
}

/** One of several files of which a machine reads one: `dev.conf` beside `production.conf`. */
export interface Alternative {
  /** Names the choice. */
  readonly key: string
  readonly index: number
  readonly count: number
}

/** The files among some of one directory whose names say that they are for different environments. */
export function environmentsAmong(paths: readonly string[]): ReadonlyMap<string, Alternative> {
  const groups = new Map<string, string[]>()
  // `no-ssl.example.org.conf` stands beside the one with TLS, whose name says nothing.
  const hasPlainTwin = paths.some(path => PLAIN.test(posix.basename(path)))
  for (const path of paths) {
    const name = posix.basename(path)
    if (!ENVIRONMENT.test(name) && !hasPlainTwin) continue
    const key = `${posix.dirname(path)}/${stemOf(name)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [path])
    else group.push(path)
  }
  const alternatives = new Map<string, Alternative>()
  for (const [key, group] of groups) {
    if (group.length < 2 || !group.some(path => ENVIRONMENT.test(posix.basename(path)))) continue
    for (const [index, path] of group.entries()) alternatives.set(path, { key, index, count: group.length })
  }
  return alternatives
}
