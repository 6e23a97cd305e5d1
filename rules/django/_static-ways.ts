import { posix } from 'node:path'
import type { AppServer } from '../../parsers/app-server/app-server.ts'
import { isUwsgi } from '../../parsers/app-server/uwsgi.ts'
import { placeText } from '../../parsers/text/source.ts'
import type { DjangoSettings, SettingValue } from '../../src/deployment/django/settings.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { Fact } from '../../src/servers/fact.ts'
import { textList } from './_behind-nginx.ts'
import type { Container, ContainerMount } from '../../src/deployment/containers/container.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { Application, Deployment, Machine, NginxConnection } from '../../src/deployment/model.ts'
import { serverBehind } from '../../src/deployment/server-behind.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { isPrefixOf } from '../../src/servers/apache/queries/wsgi-script-aliases.ts'
import type { Runner } from './_connections.ts'

/** True where a connection brings a URL to Django itself. */
export function leadsTo(
  deployment: Deployment,
  connection: NginxConnection,
  runner: Runner,
  url: string,
): boolean {
  if (runner.kind === 'app-server')
    return connection.targets.some(target => serverBehind(target) === runner.program)
  return certainHosts(deployment, connection).includes(runner.host) && !apacheServes(runner.application, url)
}

function apacheServes({ configuration, host }: Application, url: string): boolean {
  const { occurrences } = configuration
  if (['aliasmatch', 'rewriterule', 'scriptalias'].some(name => occurrences.has(name))) return true
  return [host?.directive ?? null, null].some(section =>
    directivesIn(configuration, section, 'alias').some(({ args }) => isPrefixOf(args[0]?.value ?? '', url)),
  )
}

/** True for containers of one compose file, whose nginx has nothing of the other one. */
export function isOfOneProject({ container: own }: Machine, { container: other }: Machine): boolean {
  return own !== null && other !== null && own !== other && own.project === other.project
}

/** A directory of one machine as the other sees it; null where nobody knows. */
export function directorySeen(directory: string, from: Machine, to: Machine): string | null {
  if (from === to) return directory
  if (from.container === null || to.container === null) return null
  const own = mountOver(from.container, directory)
  if (own?.volume == null) return null
  const there = to.container.mounts.find(({ volume }) => volume === own.volume)
  return there === undefined ? null : there.target + directory.slice(own.target.length)
}

function mountOver({ mounts }: Container, path: string): ContainerMount | null {
  return (
    mounts
      .filter(({ target }) => path === target || path.startsWith(`${target}/`))
      .sort((a, b) => b.target.length - a.target.length)[0] ?? null
  )
}

/** True where a directory is not there, and the one above it and the right one are. */
export function isOnlyBeside(files: FileSystem, wrong: string, right: string): boolean {
  return (
    files.kind(right) === 'directory' &&
    files.kind(wrong) === null &&
    files.kind(posix.dirname(wrong)) === 'directory'
  )
}

/** True for pages of Django's own, whose styles are kept in files and in no other place. */
export function wantsFiles(settings: DjangoSettings): boolean {
  const apps = textList(settings, 'INSTALLED_APPS') ?? []
  return (
    ['django.contrib.staticfiles', 'django.contrib.admin'].every(name => apps.includes(name)) &&
    ['STATICFILES_STORAGE', 'STORAGES'].every(name => settings.get(name) === null)
  )
}

/** False where `DEBUG` is on, or may be: one that the environment turns on alone, nobody turns on for clients. */
export function isOffInProduction(debug: Fact<SettingValue> | null): boolean {
  if (debug === null) return true
  if (debug.known) return debug.value === false
  const written = debug.at === null ? '' : placeText(debug.at)
  return READS_ENVIRONMENT.test(written) && !ON_BY_DEFAULT.test(written)
}

const READS_ENVIRONMENT = /\b(?:environ|getenv|env|config)\b/
const ON_BY_DEFAULT = /,\s*(?:default\s*=\s*)?(?:True|["']?(?:1|true|yes|on)["']?)\s*[,)]/i

/** True for a uWSGI that hands out files before the application is asked. */
export function servesByItself(server: AppServer): boolean {
  return isUwsgi(server) && server.options.some(({ name }) => /^(?:static-map|check-static|route)/.test(name))
}
