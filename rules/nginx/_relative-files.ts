import { isUnknownWord } from '../../parsers/text/source.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'
import { pathWithoutSlash } from './_path-without-slash.ts'

/** Which files of a `try_files` have no slash between the document root and their names. */
export function relativeFiles(
  configuration: NginxConfiguration,
  directive: NginxDirective,
): readonly number[] {
  const found = directive.args
    .slice(0, -1)
    .flatMap(({ value }, index) =>
      !isUnknownWord(value) && beginsWithoutSlash(directive, value) ? [index] : [],
    )
  return found.length > 0 && isBehindRoot(configuration, directive) ? found : []
}

/** True for a name, and for a group that the expression of the location captures behind a slash. */
function beginsWithoutSlash({ parent }: NginxDirective, value: string): boolean {
  // Other rules speak of a variable without its `$`, and of a fallback that is not the last.
  if (/^(?:uri|request_uri|document_uri)\b/.test(value) || value.includes('?')) return false
  // `try_files false @app`: a name of no file, to come to the last argument.
  if (/^[a-z0-9]/i.test(value)) return /[./]/.test(value)
  if (!/^\$\{?[1-9]/.test(value) || parent?.name !== 'location') return false
  const { modifier, name } = readLocation(parent)
  if (!modifier.startsWith('~') || isUnknownWord(name)) return false
  // Whatever is matched later has the groups.
  if (parent.children.some(child => child.name === 'if' || child.name === 'rewrite')) return false
  return pathWithoutSlash(name, value) !== null
}

/** True where files lie below a `root`, of which nginx drops a last slash; one of a variable may keep its own. */
function isBehindRoot(configuration: NginxConfiguration, { parent }: NginxDirective): boolean {
  if (parent === null) return false
  const base = fileBase(configuration, parent)
  if (base.known) return base.value.kind === 'root' && !/\$\{?\w+\}?$/.test(base.value.path)
  // An `alias` is written for a location, and what is around a fragment has a root.
  for (let at: NginxDirective | null = parent; at !== null; at = at.parent)
    if (hasUnreadInclude(configuration, at, 'alias')) return false
  return true
}
