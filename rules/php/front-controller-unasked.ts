import { posix } from 'node:path'
import { memoByKey } from '../../parsers/collections/memo.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { MISSING, requestsToServer } from '../../src/deployment/requests/made-up-requests.ts'
import { probe } from '../../src/deployment/requests/probe.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { isComputed } from '../../src/servers/nginx/queries/interpolate.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { phpPool } from './_examples.ts'

const site = (root: string, fallback: string, lines = ''): Record<string, string> => ({
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      root ${root};
      index index.php;
      location / {
          try_files ${fallback};
      }
      ${lines}
      location ~ \.php$ {
          include fastcgi_params;
          fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
          fastcgi_pass unix:/run/php/php8.2-fpm.sock;
      }
    `),
  ),
  'etc/php/8.2/fpm/pool.d/www.conf': phpPool(),
})
const LARAVEL = {
  'srv/shop/artisan': '#!/usr/bin/env php\n<?php\n',
  'srv/shop/public/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
}
const WORDPRESS = {
  'srv/blog/index.php': '<?php echo "page ", $_SERVER["REQUEST_URI"];\n',
  'srv/blog/wp-blog-header.php': '<?php\n',
  'srv/blog/wp-login.php': '<?php\n',
}

export default defineRule({
  summary: 'Pages of an application are answered with 404, as nothing leads to its script',
  severity: 'error',
  otherSeverities: { warning: 'for WordPress, which has addresses without a path too' },
  confidence: 'high',
  since: '0.1.0',
  why: 'Laravel, Symfony, Drupal, CodeIgniter and WordPress answer every page by `index.php`. Apache is told so by their `.htaccess`; nginx looks for a file of that name, finds none, and answers 404 to every page but the start page.',
  remedy: 'Let the script answer what is no file: `try_files $uri $uri/ /index.php?$args;`',
  references: [
    'https://laravel.com/docs/deployment#nginx',
    'https://symfony.com/doc/current/setup/web_server_configuration.html#nginx',
    'https://developer.wordpress.org/advanced-administration/server/web-server/nginx/',
  ],
  bad: [
    { title: 'Laravel', files: { ...site('/srv/shop/public', '$uri $uri/ «=404»'), ...LARAVEL } },
    { title: 'WordPress', files: { ...site('/srv/blog', '$uri $uri/ «=404»'), ...WORDPRESS } },
  ],
  good: [
    {
      title: 'Laravel, by its script',
      files: { ...site('/srv/shop/public', '$uri $uri/ /index.php?$args'), ...LARAVEL },
    },
    {
      title: 'WordPress, by its script',
      files: { ...site('/srv/blog', '$uri $uri/ /index.php?$args'), ...WORDPRESS },
    },
    {
      title: 'scripts that are asked for by name',
      files: { ...site('/srv/tools', '$uri $uri/ =404'), 'srv/tools/index.php': '<?php\n' },
    },
    {
      title: 'a location for the pages',
      files: {
        ...site('/srv/shop/public', '$uri =404', 'error_page 404 /index.php;'),
        ...LARAVEL,
      },
    },
  ],
  *check(deployment) {
    const { nginx, servers, filesOf } = deployment
    for (const configuration of nginx) {
      if (!configuration.occurrences.has('fastcgi_pass')) continue
      const files = filesOf(configuration)
      const byDirective = serverIndex(servers)
      for (const root of configuration.occurrences.get('root') ?? []) {
        const home = root.parent === null ? null : enclosingServer(root)
        const directory = root.args[0]?.value ?? ''
        // A root of one location, but of `/`, is a part of the site.
        if (home === null || isComputed(directory) || !directory.startsWith('/')) continue
        if (root.parent !== home && root.parent?.args.at(-1)?.value !== '/') continue
        const server = byDirective.get(home)
        const application = applicationIn(files, posix.normalize(directory).replace(/\/$/, ''))
        const [request] =
          server === undefined || application === null
            ? []
            : requestsToServer(deployment, server, `/${MISSING}/`)
        if (request === undefined || application === null) continue
        const { steps, end } = probe(deployment, request)
        if (end.kind !== 'status' || end.status !== 404 || end.by !== 'nginx') continue
        if (steps.some(({ text }) => text.includes('.php'))) continue
        const tried = steps.findLast(({ directive }) => directive?.name === 'try_files')?.directive
        const location = steps.findLast(({ directive }) => directive?.name === 'location')?.directive
        const deciding = tried ?? location ?? home
        if (!('context' in deciding) || deciding.children.some(({ name }) => name === 'return')) continue
        yield {
          at: tried === undefined ? namePlace(deciding) : argumentPlace(deciding, deciding.args.length - 1),
          severity: application === 'WordPress' ? 'warning' : 'error',
          message: `\`index.php\` of ${application} answers every page, and nginx answers 404 to \`/page/\` without asking it`,
          label: 'never leads to the script',
          related: [{ at: argumentPlace(root, 0), message: 'where it lies' }],
        }
      }
    }
  },
})

/** The application whose script in a directory answers every page; null where there is none, or nobody knows. */
const applicationIn = memoByKey((files: FileSystem, root: string): string | null => {
  const has = (path: string): boolean => files.kind(posix.join(root, path)) === 'file'
  if (!has('index.php')) return null
  if (has('wp-blog-header.php') && has('wp-login.php')) return 'WordPress'
  if (has('core/lib/Drupal.php')) return 'Drupal'
  if (has('../artisan')) return 'Laravel'
  if (has('../spark')) return 'CodeIgniter'
  return has('../bin/console') && has('../config/bundles.php') ? 'Symfony' : null
})
