import { posix } from 'node:path'
import { phpSetting } from '../../parsers/php/script.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import type { RequestEnd } from '../../src/deployment/requests/answer.ts'
import { askedHosts, askHost } from '../../src/deployment/requests/ask-host.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { documentRoot as documentRootOfHost } from '../../src/servers/apache/requests/document-root.ts'
import type { ApacheEnd } from '../../src/servers/apache/requests/outcome.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { containerVariables } from '../containers/_container-variables.ts'
import { wordpressConfiguration } from './_php-sources.ts'
import { documentRoot } from './_script-directory.ts'

/** The login page of one of the sites. */
const LOGIN = `/${MISSING}/wp-login.php`

/**
 * Where the sites of a WordPress are directories of one address, `/shop/wp-login.php` is the script of the first
 * directory: rules have to take the name of the site away.
 *
 * @see https://developer.wordpress.org/advanced-administration/server/web-server/nginx/#wordpress-multisite-subdirectory-rules
 */
export function* sitesInDirectories(deployment: Deployment): Iterable<RuleFinding> {
  yield* inNginx(deployment)
  yield* inApache(deployment)
}

function* inNginx(deployment: Deployment): Iterable<RuleFinding> {
  const asked = new Set<unknown>()
  for (const connection of deployment.connections.nginx) {
    const { pass, server } = connection
    if (pass.name !== 'fastcgi_pass' || asked.has(server)) continue
    // That of the whole site: a WordPress in a location of its own has another first directory.
    const root = documentRoot({ ...connection, block: server.directive })
    if (root === null || root !== documentRoot(connection)) continue
    const subdomains = networkBehind(connection, root)
    if (subdomains === null) continue
    asked.add(server)
    const [request] = requestsToServer(deployment, server, LOGIN)
    if (request === undefined) continue
    const { steps, end } = probe(deployment, request)
    const harm = harmOf(end)
    if (harm === null) continue
    const tried = steps.findLast(({ directive }) => directive?.name === 'try_files')?.directive
    const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
    const deciding = tried ?? location ?? server.directive
    if (!('context' in deciding)) continue
    yield {
      at: tried === undefined ? namePlace(deciding) : argumentPlace(deciding, deciding.args.length - 1),
      severity: 'warning',
      aspect: 'multisite',
      message: `\`/shop/wp-login.php\` of a site in a directory is the script in the root, and ${harm}`,
      label: 'never leads to the script',
      related: [{ at: subdomains, message: 'the sites are directories' }],
      help: 'Add `if (!-e $request_filename) { rewrite ^(/[^/]+)?(/wp-.*) $2 last; rewrite ^(/[^/]+)?(/.*\\.php)$ $2 last; }` to the server',
    }
  }
}

/** What becomes of the login page; null where its script answers, or nobody knows. */
function harmOf(end: RequestEnd): string | null {
  if (end.kind === 'status')
    return end.by === 'nginx' && end.status === 404 ? 'nginx answers 404 to it' : null
  if (end.kind !== 'backend' || end.script === null) return null
  if (end.script.includes(MISSING)) return 'PHP is asked for one below `shop/`: `File not found.`'
  return posix.basename(end.script) === 'index.php' ? '`index.php` is asked, which has no such page' : null
}

/** The rules for one site in a `.htaccess`, or a virtual host, which are not those that WordPress writes for a network. */
function* inApache(deployment: Deployment): Iterable<RuleFinding> {
  for (const asked of askedHosts(deployment)) {
    const root = documentRootOfHost(asked)
    if (!root.known) continue
    const directory = fromBytes(root.value).replace(/(?<=.)\/$/, '')
    const subdomains = networkIn(deployment.filesOf(asked.configuration), directory)
    if (subdomains === null) continue
    const { steps, end } = askHost(deployment, asked, LOGIN)
    if (scriptOf(end) !== `${directory}/index.php`) continue
    const rule = steps.findLast(({ directive }) => directive?.name.toLowerCase() === 'rewriterule')?.directive
    if (rule == null) continue
    yield {
      at: argumentPlace(rule, 1),
      severity: 'warning',
      aspect: 'multisite',
      message:
        '`/shop/wp-login.php` of a site in a directory is the script in the root, and `index.php` is asked, which has no such page',
      label: 'the rules of a single site',
      related: [{ at: subdomains, message: 'the sites are directories' }],
      help: 'Write the rules that WordPress shows for a network, with `RewriteRule ^([_0-9a-zA-Z-]+/)?(wp-(content|admin|includes).*) $2 [L]` and `RewriteRule ^([_0-9a-zA-Z-]+/)?(.*\\.php)$ $2 [L]` before this one',
    }
  }
}

/** The script that answers: of the module of PHP, or of FPM, which gets its path behind the address. */
export function scriptOf(end: ApacheEnd): string | null {
  if (end.kind === 'handler') return end.path
  if (end.kind !== 'pass') return null
  return /^fcgi:\/\/[^/]*(\/[^?]*\.php)(?:\?|$)/.exec(end.url)?.[1] ?? null
}

/** Where the WordPress behind a connection says that its sites are directories; null where it does not. */
function networkBehind({ from, targets }: NginxConnection, root: string): Place | null {
  const own = networkIn(from.machine.files, root)
  if (own !== null) return own
  for (const { machine } of targets) {
    const container = machine?.container
    if (machine === null || container == null) continue
    const found = networkIn(machine.files, root) ?? networkOfImage(container)
    if (found !== null) return found
  }
  return null
}

function networkIn(files: FileSystem, root: string): Place | null {
  const source = wordpressConfiguration(files, root)
  if (source === null) return null
  const path = phpSetting(source, 'PATH_CURRENT_SITE')
  const subdomains = phpSetting(source, 'SUBDOMAIN_INSTALL')
  if (phpSetting(source, 'MULTISITE')?.value !== true || subdomains?.value !== false) return null
  return path === null || path?.value === '/' ? subdomains.at : null
}

/** What the image of WordPress takes into its `wp-config.php` from a variable. */
function networkOfImage(container: Container): Place | null {
  if (!/^wordpress(?::|$)/.test(container.reference ?? '')) return null
  const extra = containerVariables(container).find(({ name }) => name === 'WORDPRESS_CONFIG_EXTRA')?.value
  if (extra?.known !== true || extra.at === null) return null
  const code = extra.value.replace(/^\s*(?:\/\/|#).*$/gm, '')
  const says = (name: string, value: string): boolean =>
    new RegExp(`\\bdefine\\s*\\(\\s*['"]${name}['"]\\s*,\\s*${value}\\s*\\)`, 'i').test(code)
  const isAtRoot = !/PATH_CURRENT_SITE/.test(code) || says('PATH_CURRENT_SITE', `['"]/['"]`)
  return says('MULTISITE', 'true') && says('SUBDOMAIN_INSTALL', 'false') && isAtRoot ? extra.at : null
}
