import type { Deployment } from '../../src/deployment/model.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { serversAround } from '../../src/deployment/build/servers.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveAtHand } from '../../src/servers/nginx/queries/effective.ts'
import { readLocation } from '../../src/servers/nginx/queries/locations.ts'
import { childrenNamed, hasUnreadInclude } from '../../src/servers/nginx/queries/scope.ts'
import { selectLocation } from '../../src/servers/nginx/queries/select-location.ts'
import { sampleTexts } from '../../src/servers/pcre/sample-texts.ts'
import { fromBytes, toBytes } from '../../src/servers/regex.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { fileBase } from '../../src/servers/nginx/queries/static-content.ts'

/** What runs scripts: a regular expression of this server that ends in `.php`. */
const FOR_SCRIPTS = /\.\(?(?:\?:)?ph[p[].{0,24}$/

/**
 * Settings that answer nothing by themselves, so that a location which has them alone serves files; a parameter of
 * FastCGI is one, too.
 */
const SETTINGS =
  /^(?:allow|deny|satisfy|auth_basic|auth_basic_user_file|limit_(?:req|conn|rate)(?:_\w+)?|expires|add_header|index|access_log|error_log|log_not_found|client_\w+|fastcgi_(?!pass$|store$)\w+|proxy_(?!pass$|store$)\w+|include|root|gzip|charset|send_timeout)$/

/** A location for one script, or for the scripts of one directory, which keeps them from the location that runs them. */
export function* servedByOwnLocation(deployment: Deployment): Iterable<RuleFinding> {
  const byDirective = serversAround(deployment)
  for (const configuration of deployment.nginx)
    for (const passName of ['fastcgi_pass', 'proxy_pass'] as const)
      for (const [home, passes] of directivesByServer(configuration, passName)) {
        const server = home === null ? undefined : byDirective.get(home)
        const running = passes.find(({ parent }) => parent !== null && runsScripts(parent))
        const around = running?.parent
        if (home === null || server === undefined || around == null || around.parent !== home) continue
        for (const location of childrenNamed(home, 'location')) {
          const url = servesOnly(location) ? scriptOf(deployment, configuration, home, location) : null
          if (url === null || hasUnreadInclude(configuration, location)) continue
          const base = fileBase(configuration, location)
          if (!base.known || !hasRoot(configuration, location)) continue
          yield {
            at: argumentPlace(location, location.args.length - 1),
            message: `\`${url}\` is answered with its source: this location takes it from the one that runs scripts, and has no \`${passName}\``,
            label: 'serves the script as a file',
            related: [
              { at: argumentPlace(around, around.args.length - 1), message: 'runs the other scripts' },
            ],
            help: `Write \`${passName}\` and the lines around it in this location too`,
          }
        }
      }
}

function runsScripts(block: NginxDirective): boolean {
  if (block.name !== 'location') return false
  const { modifier, name } = readLocation(block)
  return modifier.startsWith('~') && FOR_SCRIPTS.test(name)
}

function servesOnly(location: NginxDirective): boolean {
  const { children } = location
  if (children.length === 0 || !children.every(child => SETTINGS.test(child.name) || triesItself(child)))
    return false
  const refuses = children.some(({ name, args }) => name === 'deny' && args[0]?.value === 'all')
  return !refuses || children.some(({ name }) => name === 'allow' || name === 'satisfy')
}

/** True for `try_files $uri …`, by which a script that is there is sent as it is; a fallback to another one is not. */
function triesItself({ name, args }: NginxDirective): boolean {
  return name === 'try_files' && args[0]?.value === '$uri' && !args.some(({ value }) => /\.php\b/.test(value))
}

/** Directories in which applications of PHP have scripts. */
const OF_SCRIPTS =
  /^\/(?:[\w-]+\/)*(?:wp-admin|phpmyadmin|pma|adminer|administrator|roundcube|webmail|nextcloud|owncloud|moodle|cacti|zabbix)\/?$/i

/** A script that nginx looks up in this location; null for none. */
function scriptOf(
  deployment: Deployment,
  configuration: NginxConfiguration,
  home: NginxDirective,
  location: NginxDirective,
): string | null {
  const { modifier, name } = readLocation(location)
  const isExpression = modifier === '~' || modifier === '~*'
  const candidates =
    modifier === '='
      ? [name]
      : modifier === '^~' &&
          (OF_SCRIPTS.test(name) ||
            (name === '/' && startsWithScript(configuration, location)) ||
            holdsScript(deployment, configuration, location, name))
        ? [`${name.replace(/\/$/, '')}/index.php`]
        : isExpression && /\.\(?(?:\?:)?ph|php/.test(name)
          ? sampleTexts(name, { caseless: modifier === '~*' }).texts.map(text => fromBytes(text))
          : []
  for (const text of candidates) {
    const path = text.startsWith('/') ? text : `/${text}`
    if (!/\.php$/.test(path)) continue
    const selected = selectLocation(configuration, home, toBytes(path))
    if (selected.known && selected.value.location?.directive === location) return path
  }
  return null
}

/** True where the directory of a location has a start page of PHP. */
function holdsScript(
  deployment: Deployment,
  configuration: NginxConfiguration,
  location: NginxDirective,
  path: string,
): boolean {
  if (!path.startsWith('/') || !startsWithScript(configuration, location)) return false
  const base = fileBase(configuration, location)
  if (!base.known) return false
  const script = `${base.value.path.replace(/\/+$/, '')}${path.replace(/\/$/, '')}/index.php`
  return deployment.filesOf(configuration).kind(script) === 'file'
}

/** True where the start page of a location is one of PHP. */
function startsWithScript(configuration: NginxConfiguration, location: NginxDirective): boolean {
  const index = effectiveAtHand(configuration, location, 'index')
  return (
    index.known && index.value.directives.some(({ args }) => args.some(({ value }) => value === 'index.php'))
  )
}

function hasRoot(configuration: NginxConfiguration, location: NginxDirective): boolean {
  const root = effectiveAtHand(configuration, location, 'root')
  return root.known && root.value.directives.length > 0
}
