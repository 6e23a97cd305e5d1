import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { ApacheEnd } from '../../src/servers/apache/requests/request.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import type { Outcome } from '../../src/servers/nginx/queries/outcome.ts'
import type { ApplicationBase } from '../_application-base.ts'

/** What a browser gets in place of a script; null where that may be right, or nobody knows. */
export function answerOf({ end, steps }: Outcome, path: string): string | null {
  const location = steps.findLast(({ kind }) => kind === 'location')?.directive
  const name = location?.name === 'location' ? readLocation(location).name : '/'
  // A location of its own for these scripts: somebody has thought of them.
  const [, first = ''] = /^(\/[^/]+)/.exec(path) ?? []
  if (name !== '/' && name.startsWith(first)) return null
  switch (end.kind) {
    case 'file':
      return `nginx answers with \`${end.path}\``
    case 'pass':
      return `nginx asks \`${end.target.host}\` for it, which is another application`
    case 'response':
      if (end.location !== null) return end.location.includes(posix.basename(path)) ? null : 'nginx redirects'
      return end.status === 404 || end.status === 403 ? `nginx answers ${end.status}` : null
    default:
      return null
  }
}

/** The same of Apache. */
export function answerOfApache(end: ApacheEnd): string | null {
  switch (end.kind) {
    case 'file':
      return `Apache answers with \`${end.path}\``
    case 'handler':
    case 'wsgi':
      return 'Apache answers with another page'
    case 'pass':
      return `Apache asks \`${end.url.replace(/^(\w+:\/\/[^/]*).*$/s, '$1')}\` for it, which is another application`
    case 'response':
      return end.location === null && (end.status === 404 || end.status === 403)
        ? `Apache answers ${end.status}`
        : null
    default:
      return null
  }
}

/** True where the pages may be changed on their way, or what asks for a script may decide who answers. */
export function rewritesPages({ occurrences }: NginxConfiguration): boolean {
  return (
    occurrences.has('sub_filter') ||
    occurrences.has('subs_filter') ||
    ['if', 'map'].some(name =>
      (occurrences.get(name) ?? []).some(({ args }) => args.some(({ value }) => /http_referer/.test(value))),
    )
  )
}

/** The URL of a script of the build. */
export function urlOf({ path, asset }: ApplicationBase): string {
  return posix.join(path, asset)
}

/** @param where what serves it below the prefix */
export function findingOf(
  { base, at }: { readonly base: ApplicationBase; readonly at: Place },
  prefix: string,
  said: string,
  where: Place,
): RuleFinding {
  const { tool, isWritten, path } = base
  return {
    at: base.at,
    message: `the application is served below \`${prefix}\` and built for \`${path}\`: its page asks for \`${urlOf(base)}\`, and ${said}`,
    label: isWritten ? `not \`${prefix}\`` : `${tool} builds for \`/\``,
    related: [
      { at: where, message: `served below \`${prefix}\`` },
      { at, message: 'the build' },
    ],
    help: `Write \`${base.settingFor(prefix)}\``,
  }
}
