import { cleanPath } from '../../parsers/text/clean-path.ts'
import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { parseDotenv } from '../../parsers/dotenv/parse-dotenv.ts'
import { phpSetting } from '../../parsers/php/script.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { phpOfPool } from './_php-behind.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { type FileSystem, sourceAt } from '../../src/files/file-system.ts'
import { directivesByHost } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'
import { isLaravel } from '../_php-projects.ts'
import { valuePlace } from './_environment.ts'
import { phpPool, phpSite } from './_examples.ts'
import { wordpressConfiguration } from './_php-sources.ts'
import { documentRoot } from './_script-directory.ts'

const tree = (files: Record<string, string>, pool = '', names = 'example.org'): Record<string, string> => ({
  'etc/nginx/nginx.conf': phpSite('')
    .replace('root /srv/www;', 'root /srv/www/public;')
    .replace('server_name example.org;', `server_name ${names};`),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(pool),
  ...files,
})
const laravel = (domain: string): Record<string, string> => ({
  'srv/www/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/www/.env': conf`
    APP_URL=https://example.org
    SESSION_DRIVER=database
    SESSION_DOMAIN=${domain}
  `,
})
const wordpress = (lines: string): Record<string, string> => ({
  'srv/www/public/wp-config.php': conf`
    <?php
    ${lines}
    require_once ABSPATH . 'wp-settings.php';
  `,
})

export default defineRule({
  summary: 'Browsers refuse the cookies of an application of PHP, which are for another domain',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'A browser takes a cookie only for the name that it asked, or for a domain above it. With a `SESSION_DOMAIN`, `COOKIE_DOMAIN` or `session.cookie_domain` of another site nobody stays logged in, and every form of Laravel is answered with 419, Page Expired.',
  remedy: 'Leave the setting out, or write the domain that all names of the site are below',
  references: [
    'https://www.rfc-editor.org/rfc/rfc6265#section-5.3',
    'https://www.php.net/manual/session.configuration.php#ini.session.cookie-domain',
    'https://laravel.com/docs/session',
  ],
  unproven: 'What a browser does with a cookie decides, and the live tests are none',
  bad: [
    { title: 'Laravel', files: tree(laravel('«shop.example.com»')) },
    { title: 'a URL', files: tree(laravel('«https://example.org»')) },
    { title: 'a name beside it', files: tree(laravel('"«.app.example.org»"')) },
    { title: 'WordPress', files: tree(wordpress("define('COOKIE_DOMAIN', '«www.example.com»');")) },
    {
      title: 'the pool of PHP-FPM',
      files: tree({}, 'php_admin_value[session.cookie_domain] = «.example.com»'),
    },
    {
      title: 'Laravel in Apache',
      files: {
        'etc/apache2/apache2.conf': apacheMain(conf`
          Listen 80
          <VirtualHost *:80>
              ServerName example.org
              ServerAlias www.example.org
              DocumentRoot /srv/www/public
          </VirtualHost>
        `),
        ...laravel('«example.net»'),
      },
    },
  ],
  good: [
    { title: 'the name itself', files: tree(laravel('example.org')) },
    { title: 'a domain above it', files: tree(laravel('.example.org'), '', 'www.example.org') },
    { title: 'left empty', files: tree(laravel('null')) },
    { title: 'one of several names', files: tree(laravel('example.com'), '', 'example.org www.example.com') },
    {
      title: 'a name that is computed',
      files: tree(wordpress("define('COOKIE_DOMAIN', $_SERVER['HTTP_HOST']);")),
    },
    {
      title: 'a server that has the address of the machine',
      files: tree(laravel('example.com'), '', '192.0.2.7'),
    },
    { title: 'a site for every name', files: tree(laravel('example.com'), '', '_') },
  ],
  *check(deployment) {
    for (const { names, at, domain, by, shown } of cookies(deployment)) {
      const plain = domain.replace(/^\./, '').toLowerCase()
      if (names.length === 0 || !names.every(isName)) continue
      if (names.some(name => name === plain || name.endsWith(`.${plain}`))) continue
      yield {
        at,
        message: `a browser that asks \`${names[0]}\` refuses the cookies of ${by} for \`${domain}\``,
        label: 'no domain of this site',
        related: shown === null ? [] : [{ at: shown, message: 'the name of the site' }],
      }
    }
  },
})

function isName(name: string): boolean {
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/i.test(name)
}

interface Domain {
  readonly at: Place
  readonly domain: string
  readonly by: string
}

interface Cookies extends Domain {
  readonly names: readonly string[]
  readonly shown: Place | null
}

function* cookies(deployment: Deployment): Iterable<Cookies> {
  for (const connection of deployment.connections.nginx) {
    const { pass, server, from, targets } = connection
    if (pass.name !== 'fastcgi_pass' || connection.reachable === false) continue
    const root = documentRoot(connection)
    const own = root === null ? null : domainIn(from.machine.files, root)
    const site = {
      names: server.names.every(({ exact }) => exact) ? server.names.map(({ name }) => name) : [],
      shown: server.names[0]?.at ?? null,
    }
    if (own !== null) {
      yield { ...own, ...site }
      continue
    }
    for (const { to } of targets) {
      if (to.kind !== 'listener' || to.listener.program.kind !== 'php-fpm') continue
      const fact = phpOfPool(to.listener.program).setting('session.cookie_domain')
      if (fact?.known === true && fact.at !== null && fact.value !== '')
        yield { at: fact.at, domain: fact.value, by: 'PHP', ...site }
    }
  }
  for (const host of deployment.apacheHosts) {
    const { configuration, directive } = host
    const root = directivesByHost(configuration, 'documentroot').get(directive)?.at(-1)?.args[0]?.value
    if (root === undefined || !root.startsWith('/')) continue
    const own = domainIn(deployment.filesOf(configuration), cleanPath(root))
    // Behind a proxy the names of clients are its own.
    if (own !== null && deployment.connections.reaching(host).length === 0)
      yield { ...own, names: host.names, shown: null }
  }
}

/** The domain for which the application in a directory sets its cookies; null where it does not say, or nobody knows. */
const domainIn = memoByKey((files: FileSystem, root: string): Domain | null => {
  const wordpress = wordpressConfiguration(files, root)
  const setting = wordpress === null ? null : phpSetting(wordpress, 'COOKIE_DOMAIN')
  if (typeof setting?.value === 'string' && isName(setting.value.replace(/^\./, '')))
    return { at: setting.at, domain: setting.value, by: 'WordPress' }
  const project = posix.dirname(root)
  if (!isLaravel(files, project)) return null
  const source = sourceAt(files, `${project}/.env`)
  const line =
    source === null ? undefined : parseDotenv(source).findLast(({ name }) => name === 'SESSION_DOMAIN')
  if (line?.value.known !== true) return null
  const { value } = line.value
  // A URL, or a name with a port, is no domain of any site.
  if (!isName(value.replace(/^\./, '')) && !/^https?:\/\/[\w.-]+|^[\w.-]+\.\w+:\d+$/i.test(value)) return null
  return { at: valuePlace(line), domain: line.value.value, by: 'Laravel' }
})
