import { posix } from 'node:path'
import { phpSetting } from '../../parsers/php/script.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { wordpressConfiguration } from './_php-sources.ts'
import { rootsOfSites } from './_roots-of-sites.ts'

/**
 * Where the sites of a WordPress are directories of one address, `/shop/wp-login.php` is the script of the first
 * directory: rules have to take the name of the site away.
 *
 * @see https://developer.wordpress.org/advanced-administration/server/web-server/nginx/#wordpress-multisite-subdirectory-rules
 */
export function* sitesInDirectories(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.nginx) {
    if (!configuration.occurrences.has('fastcgi_pass')) continue
    const files = deployment.filesOf(configuration)
    for (const { root, home, server, path } of rootsOfSites(deployment, configuration)) {
      if (root.parent !== home) continue
      const source = wordpressConfiguration(files, path)
      if (source === null || files.kind(posix.join(path, 'wp-login.php')) !== 'file') continue
      const subdomains = phpSetting(source, 'SUBDOMAIN_INSTALL')
      if (phpSetting(source, 'MULTISITE')?.value !== true || subdomains?.value !== false) continue
      const [request] = requestsToServer(deployment, server, `/${MISSING}/wp-login.php`)
      if (request === undefined) continue
      const { steps, end } = probe(deployment, request)
      if (end.kind !== 'status' || end.by !== 'nginx' || end.status !== 404) continue
      const tried = steps.findLast(({ directive }) => directive?.name === 'try_files')?.directive
      const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
      const deciding = tried ?? location ?? home
      if (!('context' in deciding)) continue
      yield {
        at: tried === undefined ? namePlace(deciding) : argumentPlace(deciding, deciding.args.length - 1),
        severity: 'warning',
        aspect: 'multisite',
        message:
          '`/shop/wp-login.php` of a site in a directory is the script in the root, and nginx answers 404 to it',
        label: 'never leads to the script',
        related: [{ at: subdomains.at, message: 'the sites are directories' }],
        help: 'Add `if (!-e $request_filename) { rewrite ^(/[^/]+)?(/wp-.*) $2 last; rewrite ^(/[^/]+)?(/.*\\.php)$ $2 last; }` to the server',
      }
    }
  }
}
