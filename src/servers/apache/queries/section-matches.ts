import { posix } from 'node:path'
import { matchesAprPath, matchesAprText } from '../../../../parsers/wildcard/apr-fnmatch.ts'
import { hasWildcard } from '../../../../parsers/wildcard/tokens.ts'
import { APACHE_OPTIONS } from '../../pcre/read-pattern.ts'
import { compilePcre, toBytes } from '../../regex.ts'
import type { ApacheDirective } from '../configuration.ts'
import { isSettled } from './places.ts'

/** Whether a section applies: undefined where the files cannot tell. */
export type Applies = boolean | undefined

/** How a `<Directory>`, `<Location>` or `<Files>` names what it applies to. */
export interface SectionPattern {
  readonly kind: 'plain' | 'wildcard' | 'regex' | 'unknown'
  readonly text: string
}

export function sectionPattern(section: ApacheDirective): SectionPattern {
  const [first, second] = section.args
  const tilde = first?.value === '~'
  const word = tilde ? second : first
  const text = word?.value ?? ''
  if (!isSettled(text)) return { kind: 'unknown', text }
  if (tilde || section.name.endsWith('Match')) return { kind: 'regex', text }
  return { kind: hasWildcard(text) ? 'wildcard' : 'plain', text }
}

/** A path as httpd compares it: no `.`, `..` or doubled slash, and one slash at the end. */
export function directoryPath(path: string): string {
  const isNormal = path.startsWith('/') && !path.includes('//') && !path.includes('/.')
  const normal = isNormal ? path : posix.normalize(path)
  return normal.endsWith('/') ? normal : `${normal}/`
}

/** How deep a path lies: 1 for `/`, 3 for `/srv/app/`. */
export function depthOf(directory: string): number {
  let depth = 0
  for (let slash = directory.indexOf('/'); slash !== -1; slash = directory.indexOf('/', slash + 1)) depth++
  return depth
}

/** Whether a `<Directory>` without a regular expression, which names `own`, is the directory itself or one above it. */
export function directoryApplies(pattern: SectionPattern, own: string, directory: string): Applies {
  if (pattern.kind === 'unknown') return undefined
  if (!pattern.text.startsWith('/')) return false
  if (pattern.kind === 'plain') return directory.startsWith(own)
  // A pattern is compared with the directory that lies as deep as itself.
  const depth = depthOf(own)
  const parts = directory.split('/')
  if (parts.length - 1 < depth) return false
  return matchesAprPath(own, `${parts.slice(0, depth).join('/')}/`)
}

/** Whether a regular expression finds something in the path; httpd searches bytes. */
export function regexApplies(pattern: SectionPattern, subject: string): Applies {
  // Since 2.4.30 httpd lets `.` take a line end and `$` stay off it.
  const expression = compilePcre(pattern.text, APACHE_OPTIONS)
  return expression?.test(toBytes(subject))
}

/** Whether a `<Location>` or `<LocationMatch>` applies to the decoded path of a URL. */
export function locationApplies(pattern: SectionPattern, uri: string): Applies {
  const { kind, text } = pattern
  if (kind === 'unknown') return undefined
  if (kind === 'regex') return regexApplies(pattern, uri)
  if (kind === 'wildcard') return matchesAprPath(text, uri)
  // Of long paths that begin alike the end is told apart sooner, and `===` compares faster than `startsWith`.
  if (uri.length === text.length) return uri === text
  const isWhole = text === '' || text.endsWith('/') || uri[text.length] === '/'
  return isWhole && uri.slice(0, text.length) === text
}

/** True where a later `<Location>` surely matches every URL that another one matches. */
export function coversLocation(later: SectionPattern, narrow: SectionPattern): boolean {
  if (later.kind !== 'plain' || narrow.kind === 'unknown') return false
  if (later.text === '/') return true
  if (narrow.kind !== 'plain') return false
  return narrow.text === later.text || narrow.text.startsWith(`${later.text.replace(/\/$/, '')}/`)
}

/** Whether a `<Files>` or `<FilesMatch>` applies to the last part of a file's path. */
export function filesApplies(pattern: SectionPattern, name: string): Applies {
  if (pattern.kind === 'unknown') return undefined
  if (pattern.kind === 'regex') return regexApplies(pattern, name)
  return pattern.kind === 'wildcard' ? matchesAprPath(pattern.text, name) : pattern.text === name
}

/** Whether a `<Proxy>` or `<ProxyMatch>` applies to the URL of another server. */
export function proxyApplies(pattern: SectionPattern, url: string): Applies {
  if (pattern.kind === 'unknown') return undefined
  if (pattern.kind === 'regex') return regexApplies(pattern, url)
  return pattern.kind === 'wildcard' ? matchesAprText(pattern.text, url) : url.startsWith(pattern.text)
}
